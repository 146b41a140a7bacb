# The first stage installs what requirements/run.txt pins, hashes checked, as `make` does. The second has no installer's leftovers.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
RUN python -m venv .venv
COPY requirements requirements
RUN .venv/bin/python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY exchange exchange
COPY buyers buyers
COPY config config
RUN .venv/bin/python -m pip install --no-build-isolation --no-deps -e . && .venv/bin/python -m compileall -q exchange buyers

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin exchange \
    && install --directory --owner=exchange --mode=0700 /data
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["exchange"]
CMD ["serve", "--host", "0.0.0.0"]
