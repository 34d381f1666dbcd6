# All images of Backroom. A service: docker build --build-arg SERVICE=orders .
# The gateway: docker build --target gateway .

FROM debian:bookworm-slim AS gateway
RUN apt-get update \
 && apt-get install -y --no-install-recommends haproxy \
 && rm -rf /var/lib/apt/lists/*
COPY deploy/gateway/haproxy.cfg deploy/gateway/containers.cfg /etc/backroom/
COPY deploy/container/healthcheck.sh /usr/local/bin/
ENV GATEWAY_BIND=0.0.0.0:8080 GATEWAY_SOCKET=unix@/tmp/admin.sock
USER haproxy
EXPOSE 8080
STOPSIGNAL SIGUSR1
ENTRYPOINT ["haproxy", "-db", "-f", "/etc/backroom/haproxy.cfg", "-f", "/etc/backroom/containers.cfg"]

FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends build-essential cmake pkg-config python3 libulfius-dev libjansson-dev \
        libpq-dev libnats-dev librhonabwy-dev libcurl4-gnutls-dev libcsv-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY CMakeLists.txt ./
COPY tools/sqlgen.py tools/eventgen.py tools/problemgen.py tools/token.c tools/
COPY common common
COPY services services
RUN cmake -S . -B build && cmake --build build --parallel 2

FROM debian:bookworm-slim AS service
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libulfius2.7 libjansson4 libpq5 libnats3.4 \
        librhonabwy1.1 libcurl3-gnutls libcsv3 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin backroom
COPY deploy/container/entrypoint.sh deploy/container/healthcheck.sh deploy/container/setup.sh /usr/local/bin/
COPY deploy/nats.conf deploy/postgres.conf deploy/database.sql deploy/container/database.sh /usr/local/share/backroom/
COPY --from=build /src/build/bin/backroom-token /usr/local/bin/
ARG SERVICE
COPY --from=build /src/build/bin/backroom-${SERVICE} /usr/local/bin/backroom
ENV BIND=0.0.0.0
USER backroom
ENTRYPOINT ["entrypoint.sh"]
CMD ["backroom"]
