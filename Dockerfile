# One image for every program of Wardroom, one command per service; PostgreSQL, Redis and the balancer
# are targets of their own, from Debian's packages.
#
#   docker build -t wardroom .                          the programs and the frontend
#   docker build -t wardroom-postgres --target postgres .
#
# Nothing secret is ever part of an image: keys are made by the job `keys` into volumes.
# Next: docker-compose.yml

# --- the programs, compiled ---
FROM debian:bookworm-slim AS programs
ENV DEBIAN_FRONTEND=noninteractive
WORKDIR /source
COPY tools/command/base.sh tools/command/install.sh tools/command/
RUN bash -c 'source_dir=/source; . tools/command/base.sh; . tools/command/install.sh; \
        apt-get update && apt-get install -y --no-install-recommends $packages_build libwebsockets-evlib-uv' && \
    rm -rf /var/lib/apt/lists/*
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY proto proto
COPY lib lib
COPY services services
COPY tools tools
RUN cmake --preset release && \
    cmake --build --preset release --target wardroom-gateway wardroom-auth wardroom-threads \
        wardroom-templates wardroom-files wardroom-retention wardroomctl && \
    install -d /out/bin && \
    install -s build/release/bin/wardroom-* build/release/bin/wardroomctl /out/bin/ && \
    ldd /out/bin/* | awk '/=> \// { print $3 }' | sort -u | xargs -n1 realpath | \
        xargs dpkg -S | cut -d: -f1 | sort -u >/out/libraries

# --- the frontend ---
FROM debian:bookworm-slim AS frontend
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates nodejs npm && \
    rm -rf /var/lib/apt/lists/*
# Node.js trusts whom Debian trusts, in a network with a certificate authority of its own too.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
# Debian's Node.js is older than what Vite wants (tools/command/install.sh does the same).
RUN npm install --no-fund --no-audit --prefix /node node@22
ENV PATH=/node/node_modules/.bin:$PATH
WORKDIR /source
COPY package.json package-lock.json ./
COPY clients/typescript/package.json clients/typescript/
COPY frontend/package.json frontend/
COPY tests/flow/package.json tests/flow/
COPY tests/faults/package.json tests/faults/
COPY tests/browser/package.json tests/browser/
RUN npm ci --no-fund --no-audit
COPY clients clients
COPY frontend frontend
RUN npm run build --workspace clients/typescript --if-present && npm run build --workspace frontend

# --- what runs has a user, bash, and curl for its health check ---
FROM debian:bookworm-slim AS base
ENV DEBIAN_FRONTEND=noninteractive LANG=C.UTF-8
RUN apt-get update && apt-get install -y --no-install-recommends curl jq openssl && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --uid 10001 --user-group --home-dir / --no-create-home --shell /usr/sbin/nologin wardroom
USER wardroom

FROM base AS balancer
USER root
RUN apt-get update && apt-get install -y --no-install-recommends haproxy && \
    rm -rf /var/lib/apt/lists/*
COPY deploy/image/haproxy.cfg /etc/wardroom/haproxy.cfg
USER wardroom
CMD ["haproxy", "-W", "-db", "-f", "/etc/wardroom/haproxy.cfg"]

FROM base AS redis
USER root
RUN apt-get update && apt-get install -y --no-install-recommends redis-server && \
    rm -rf /var/lib/apt/lists/*
USER wardroom
CMD ["redis-server", "/keys/redis.conf"]

# --- with the scripts of the jobs: keys, database, demo ---
FROM base AS wardroom
USER root
COPY --from=programs /out/libraries /tmp/libraries
RUN apt-get update && \
    apt-get install -y --no-install-recommends libwebsockets-evlib-uv $(cat /tmp/libraries) && \
    rm -rf /var/lib/apt/lists/* /tmp/libraries && \
    install -d -o wardroom -g wardroom -m 0700 /keys /objects /demo /srv/keys && \
    for name in all database redis gateway auth threads templates files retention admin; do \
        install -d -o wardroom -g wardroom -m 0700 /srv/keys/$name; done
COPY --from=programs /out/bin /usr/local/bin
COPY --from=frontend /source/frontend/dist /opt/wardroom/frontend/dist
COPY tools/command/base.sh tools/command/demo.sh tools/command/keys.sh tools/command/postgres.sh \
    /opt/wardroom/tools/command/
COPY lib/db/bootstrap.sql /opt/wardroom/lib/db/
COPY deploy/image /opt/wardroom/deploy/image
ENV PATH=/usr/local/bin:/opt/wardroom/deploy/image:/usr/bin:/bin
USER wardroom

FROM wardroom AS postgres
USER root
RUN mkdir -p /etc/postgresql-common/createcluster.d && \
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/wardroom.conf && \
    apt-get update && apt-get install -y --no-install-recommends postgresql-15 && \
    rm -rf /var/lib/apt/lists/* && \
    install -d -o wardroom -g wardroom -m 0700 /var/lib/wardroom-postgres
USER wardroom
STOPSIGNAL SIGINT
CMD ["run-postgres"]

# --- the default target: the programs ---
FROM wardroom
