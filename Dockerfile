# The first stage gathers wheels, hashes checked, and makes the exchange's own. The second installs them and nothing else.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements requirements
RUN python -m pip wheel --require-hashes --only-binary :all: --wheel-dir /wheels -r requirements/run.txt \
    && python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY exchange exchange
COPY buyers buyers
COPY verifiers verifiers
COPY config config
RUN python -m pip wheel --no-build-isolation --no-deps --wheel-dir /wheels .

FROM python:3.11-slim-bookworm
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    python -m pip install --no-index --no-deps --no-cache-dir --disable-pip-version-check /wheels/*.whl \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin exchange \
    && install --directory --owner=exchange --mode=0700 /data
ENV PYTHONUNBUFFERED=1 EXCHANGE_HOST=0.0.0.0
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["exchange"]
CMD ["serve"]
