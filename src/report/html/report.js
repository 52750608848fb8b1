'use strict';
(() => {
  const all = [...document.querySelectorAll('details.scenario')];
  const form = document.getElementById('filters');
  const text = document.getElementById('text');
  const tag = document.getElementById('tag');
  const shown = document.getElementById('shown');
  const none = document.getElementById('none');
  const states = [...form.querySelectorAll('[data-state]')];

  // What a step did is text until somebody wants to see it; the program has escaped it.
  const fill = (step) => {
    const lazy = step.querySelector(':scope > noscript');
    if (!lazy) return;
    const inner = document.createElement('div');
    inner.className = 'inner';
    inner.innerHTML = lazy.textContent;
    lazy.replaceWith(inner);
    for (const pre of inner.querySelectorAll('pre[data-type]')) colour(pre);
    for (const button of inner.querySelectorAll('[data-copy]')) button.hidden = false;
  };

  const JSON_WORD = /("(?:[^"\\]|\\[^])*"?)(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|[{}[\],:]|\s+|[^\s]/gy;
  const MARKUP = /<!--[^]*?(?:-->|$)|<[^<>]*>?|[^<]+/gy;
  // Deeper levels stand below each other: a body may be nothing but brackets.
  const DEEPEST = 40;

  const span = (kind, content) => {
    const element = document.createElement('span');
    element.className = kind;
    element.textContent = content;
    return element;
  };

  const colour = (pre) => {
    const source = pre.textContent.trimEnd();
    const out = pre.dataset.type === 'json' ? json(source) : markup(source);
    const all = document.createDocumentFragment();
    // Not all at once: a call has no room for so many.
    for (const piece of out) all.append(piece);
    pre.replaceChildren(all);
  };

  // A body of one line is indented; any other is left as it came.
  const json = (source) => {
    const indented = !source.includes('\n');
    const out = [];
    let depth = 0;
    const line = () => indented && out.push('\n' + '  '.repeat(Math.min(Math.max(depth, 0), DEEPEST)));
    for (const found of source.matchAll(JSON_WORD)) {
      const [word, string, colon, number, literal] = found;
      const next = source[found.index + word.length];
      if (string && colon) out.push(span('k', string), indented ? ': ' : colon);
      else if (string) out.push(span('v', string));
      else if (number) out.push(span('d', number));
      else if (literal) out.push(span('w', literal));
      else if (word === '{' || word === '[') {
        depth += 1;
        out.push(word);
        if (next !== '}' && next !== ']') line();
      } else if (word === '}' || word === ']') {
        depth -= 1;
        const before = source[found.index - 1];
        if (before !== '{' && before !== '[') line();
        out.push(word);
      } else if (word === ',') {
        out.push(word);
        line();
      } else if (word.trim() || !indented) out.push(word);
    }
    return out;
  };

  const markup = (source) =>
    [...source.matchAll(MARKUP)].map(([piece]) =>
      piece.startsWith('<!--') ? span('w', piece) : piece.startsWith('<') ? span('k', piece) : piece);

  // A file is shown in the step too, at the line.
  const list = (source) => {
    const listing = document.querySelector(`#${source.dataset.source} pre`);
    if (!listing || source.querySelector('pre')) return;
    const copy = listing.cloneNode(true);
    for (const mark of copy.querySelectorAll('mark')) {
      const line = mark.id;
      mark.removeAttribute('id');
      if (line === source.dataset.mark) mark.dataset.here = '';
    }
    source.append(copy);
    const here = copy.querySelector('[data-here]');
    if (here) copy.scrollTop = here.offsetTop - copy.offsetTop - copy.clientHeight / 2;
  };

  document.addEventListener('toggle', ({ target }) => {
    if (!target.open) return;
    if (target.matches('details.step')) fill(target);
    if (target.matches('details.source')) list(target);
  }, true);
  for (const step of document.querySelectorAll('details.step[open]')) fill(step);

  const copy = async (button) => {
    const pre = button.parentElement.querySelector('pre');
    let done = false;
    try {
      await navigator.clipboard.writeText(pre.textContent);
      done = true;
    } catch {
      // Of a page that came over plain HTTP there is no clipboard: it is selected at least.
      getSelection().selectAllChildren(pre);
      done = document.execCommand('copy');
    }
    button.textContent = done ? 'copied' : 'selected';
    setTimeout(() => { button.textContent = 'copy'; }, 2000);
  };
  document.addEventListener('click', ({ target }) => {
    const button = target.closest('[data-copy]');
    if (button) copy(button);
  });

  let known;
  const index = () => known ??= all.map((element) => ({
    element,
    state: element.dataset.state,
    tags: [...element.querySelectorAll('.tag')].map((it) => it.textContent),
    text: [...element.querySelectorAll('summary')].map((it) => it.textContent).join('\n').toLowerCase(),
  }));

  // So that the first letter is as quick as the next.
  (window.requestIdleCallback ?? setTimeout)(index);

  const filter = () => {
    const wanted = states.filter((it) => it.ariaPressed === 'true').map((it) => it.dataset.state);
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    // What is far away is not laid out, so its height is told.
    const parts = new Map();
    let count = 0;
    for (const it of index()) {
      const fits = (!wanted.length || wanted.includes(it.state))
        && (!tag?.value || it.tags.includes(tag.value))
        && words.every((word) => it.text.includes(word));
      count += fits;
      const part = it.element.parentElement;
      parts.set(part, (parts.get(part) ?? 0) + fits);
      if (it.element.hidden === fits) it.element.hidden = !fits;
    }
    for (const [part, left] of parts) {
      if (part.hidden === left > 0) part.hidden = !left;
      part.style.containIntrinsicSize = `auto ${left * 2.5}rem`;
    }
    shown.textContent = count === all.length ? `${count} scenarios` : `${count} of ${all.length} scenarios`;
    none.hidden = count > 0;
  };
  for (const state of states) {
    state.addEventListener('click', () => {
      state.ariaPressed = state.ariaPressed === 'true' ? 'false' : 'true';
      filter();
    });
  }
  tag?.addEventListener('change', filter);
  text.addEventListener('input', filter);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.hidden = false;
  shown.textContent = `${all.length} scenarios`;

  const show = (element) => {
    for (let it = element; it; it = it.parentElement) if (it.tagName === 'DETAILS') it.open = true;
    if (element.matches('details.step')) fill(element);
    const summary = element.querySelector(':scope > summary') ?? element;
    summary.scrollIntoView({ block: 'center' });
    summary.focus?.({ preventScroll: true });
  };
  const go = () => {
    const element = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!element) return;
    const scenario = element.closest('.scenario');
    if (scenario) scenario.hidden = false;
    show(element);
  };
  addEventListener('hashchange', go);
  go();

  const step = (by) => {
    const failed = [...document.querySelectorAll('.scenario:not([hidden]) .step.failed')];
    const here = document.activeElement?.closest('.step.failed');
    const at = here ? failed.indexOf(here) + by : by > 0 ? 0 : failed.length - 1;
    if (failed.length) show(failed[(at + failed.length) % failed.length]);
  };
  const each = (open) => {
    for (const scenario of all) if (!scenario.hidden) scenario.open = open;
  };
  const keys = {
    '/': () => text.select(),
    n: () => step(1),
    p: () => step(-1),
    o: () => each(true),
    c: () => each(false),
  };
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && event.target === text) {
      text.value = '';
      text.blur();
      filter();
    } else if (!event.target.matches('input, select') && Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });
})();
