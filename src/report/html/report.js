'use strict';
(() => {
  const all = [...document.querySelectorAll('details.scenario')];
  const form = document.getElementById('filters');
  const text = document.getElementById('text');
  const tag = document.getElementById('tag');
  const shown = document.getElementById('shown');
  const none = document.getElementById('none');
  const states = [...form.querySelectorAll('[data-state]')];

  // The steps are text until somebody wants to see them; the program has escaped it.
  const fill = (scenario) => {
    const lazy = scenario.querySelector(':scope > noscript');
    if (!lazy) return;
    const steps = document.createElement('div');
    steps.innerHTML = lazy.textContent;
    lazy.replaceWith(steps);
    for (const button of steps.querySelectorAll('[data-copy]')) button.hidden = false;
    for (const step of steps.querySelectorAll('.step[open]')) colours(step);
  };

  const colours = (step) => {
    for (const pre of step.querySelectorAll('pre[data-type]')) colour(pre);
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
    delete pre.dataset.type;
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
    if (target.matches('details.scenario')) fill(target);
    if (target.matches('details.step')) colours(target);
    if (target.matches('details.source')) list(target);
  }, true);
  for (const scenario of all) if (scenario.open) fill(scenario);

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

  // The lines of steps, also of those that are text yet.
  const STEP = /<details class="step[^>]*><summary>([^]*?)<\/summary>/g;
  const plain = document.createElement('textarea');
  const lines = (scenario) => {
    const lazy = scenario.querySelector(':scope > noscript');
    if (!lazy) return [...scenario.querySelectorAll('.step > summary')].map((it) => it.textContent);
    plain.innerHTML = [...lazy.textContent.matchAll(STEP)].map(([, line]) => line.replace(/<[^>]*>/g, '')).join('\n');
    return [plain.value];
  };
  let known;
  // By the parts that they are laid out in.
  const index = () => known ??= [...document.querySelectorAll('.part')].map((part) => [part, [...part.children].map((element) => ({
    element,
    state: element.dataset.state,
    tags: [...element.querySelectorAll(':scope > summary .tag')].map((it) => it.textContent),
    text: [element.querySelector('summary').textContent, ...lines(element)].join('\n').toLowerCase(),
  }))]);
  const isShown = (scenario) => !scenario.hidden && !scenario.parentElement.hidden;

  // So that the first letter is as quick as the next.
  (window.requestIdleCallback ?? setTimeout)(index);

  const filter = () => {
    const wanted = states.filter((it) => it.ariaPressed === 'true').map((it) => it.dataset.state);
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (it) => (!wanted.length || wanted.includes(it.state))
      && (!tag?.value || it.tags.includes(tag.value))
      && words.every((word) => it.text.includes(word));
    let count = 0;
    for (const [part, scenarios] of index()) {
      const fitting = scenarios.map(fits);
      const left = fitting.filter(Boolean).length;
      count += left;
      if (part.hidden === left > 0) part.hidden = !left;
      // In a part that is hidden nothing needs to change.
      if (left) scenarios.forEach(({ element }, at) => { if (element.hidden === fitting[at]) element.hidden = !fitting[at]; });
      // What is far away is not laid out, so its height is told.
      part.style.containIntrinsicSize = `auto ${left * 2.5}rem`;
    }
    shown.textContent = count === all.length ? `${count} scenarios` : `${count} of ${all.length} scenarios`;
    none.hidden = count > 0;
  };
  const clear = () => {
    text.value = '';
    if (tag) tag.value = '';
    for (const state of states) state.ariaPressed = 'false';
    filter();
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
    if (element.matches('.step')) colours(element);
    const summary = element.querySelector(':scope > summary') ?? element;
    summary.scrollIntoView({ block: 'center' });
    summary.focus?.({ preventScroll: true });
  };
  const go = () => {
    const id = location.hash.slice(1);
    const scenario = id ? document.getElementById(id.split('-')[0]) : null;
    if (scenario?.matches('.scenario')) {
      if (!isShown(scenario)) clear();
      fill(scenario);
    }
    const element = id ? document.getElementById(id) : null;
    if (element) show(element);
  };
  addEventListener('hashchange', go);
  go();

  const failedIn = (scenario) => {
    fill(scenario);
    return [...scenario.querySelectorAll('.step.failed')];
  };
  // The next failed step, or the one before, around the end.
  const step = (by) => {
    const scenarios = all.filter((it) => it.dataset.state === 'failed' && isShown(it));
    if (!scenarios.length) return;
    const here = document.activeElement?.closest('.scenario.failed .step.failed');
    let at = here ? scenarios.indexOf(here.closest('.scenario')) : by > 0 ? -1 : 0;
    const rest = here && at >= 0 ? failedIn(scenarios[at]) : [];
    const next = rest[rest.indexOf(here) + by];
    if (next) return show(next);
    for (let left = scenarios.length; left > 0; left -= 1) {
      at = (at + by + scenarios.length) % scenarios.length;
      const found = failedIn(scenarios[at]).at(by > 0 ? 0 : -1);
      if (found) return show(found);
    }
  };
  const each = (open) => {
    for (const scenario of all) if (isShown(scenario)) scenario.open = open;
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
