# The server in a container: one stage builds the page, the other is what runs.
#
#     docker build --tag milkglass .
#     docker run --env SFU_AUTH_SECRET --env SFU_MEDIA_ANNOUNCE=203.0.113.7 \
#       --publish 8080:8080 --publish 10000:10000/udp --publish 10000:10000/tcp milkglass
#
# Without a container engine, `make test-image` carries out these steps.

FROM node:22-trixie-slim AS page

WORKDIR /page
COPY clients/web/package.json clients/web/package-lock.json ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY clients/web ./
RUN npm run build


FROM python:3.11-slim-bookworm

LABEL org.opencontainers.image.title="Milkglass" \
      org.opencontainers.image.description="A selective forwarding unit that routes layers." \
      org.opencontainers.image.licenses="MIT"

WORKDIR /milkglass

# pip checks the hashes of all that is locked, then installs only what the server needs.
COPY pyproject.toml requirements.lock /tmp/
RUN cd /tmp \
 && pip download --quiet --no-cache-dir --require-hashes --requirement requirements.lock --dest locked \
 && python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > needed \
 && pip install --quiet --no-cache-dir --no-index --find-links locked --requirement needed \
 && rm -r locked needed pyproject.toml requirements.lock

# Where the server looks for the page: beside its own folder, as in the repository.
COPY --from=page /page/dist clients/web/dist
COPY sfu sfu
RUN python -m compileall -q sfu

# Reached from outside of the container, so it starts only with a secret.
ENV SFU_HTTP_HOST=0.0.0.0
EXPOSE 8080/tcp 10000/udp 10000/tcp

# Nobody's account; the server writes no file.
USER 10001:10001

STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]

ENTRYPOINT ["python", "-m", "sfu"]
CMD ["serve"]
