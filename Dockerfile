# callsheet and the certificates that it trusts, and nothing else: docker build -t callsheet .
#
#     docker run --rm -v "$PWD:/work" callsheet run

FROM rust:1-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates
WORKDIR /source
COPY . .
# As `.ci/static` builds it, which also runs it in an empty root folder.
RUN RUSTFLAGS='-C target-feature=+crt-static --cfg getrandom_backend="linux_raw"' \
    cargo build --locked --release --target "$(uname -m)-unknown-linux-gnu" --target-dir /target \
    && cp /target/*/release/callsheet /callsheet

FROM scratch
COPY --from=build /callsheet /callsheet
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/callsheet"]
