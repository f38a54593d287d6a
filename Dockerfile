# Hearthbeat in an image: pinned by hashes, byte-compiled, with compiled kernels and the baseline, run by nobody special.
#
#   docker build -t hearthbeat .
#   docker run --rm -v hearthbeat:/data hearthbeat keys create --name first \
#     --scope ingest --scope read --scope admin
#   docker run --read-only --tmpfs /tmp -v hearthbeat:/data -p 127.0.0.1:8000:8000 --stop-timeout 40 hearthbeat
#
# Every step also runs outside of a container (tests/image): paths are absolute, nothing is asked of a package manager.

ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore NUMBA_CPU_NAME=generic
WORKDIR /src

# What seldom changes comes first, so that its layer is kept.
COPY requirements/runtime.txt requirements/build.txt requirements/
RUN python -m venv /opt/hearthbeat && \
    /opt/hearthbeat/bin/pip install --quiet --no-deps --require-hashes -r requirements/runtime.txt
RUN python -m venv /opt/build && \
    /opt/build/bin/pip install --quiet --no-deps --require-hashes -r requirements/build.txt

COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY simulator simulator
COPY benchmarks benchmarks
RUN /opt/build/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist . && \
    /opt/hearthbeat/bin/pip install --quiet --no-deps --no-index dist/hearthbeat-*.whl

# The baseline of 10,000 simulated samples: risks from the first reading on.
RUN mkdir -p /opt/hearthbeat/share/hearthbeat && \
    /opt/hearthbeat/bin/hearthbeat train-baseline --horizon 24h --out /opt/hearthbeat/share/hearthbeat/baseline.npz

# Tests of libraries and pip are not needed to run; what is left is compiled to bytecode, also what pip left out.
RUN rm -rf /opt/hearthbeat/lib/python3*/site-packages/pandas/tests /opt/hearthbeat/lib/python3*/site-packages/numba/tests && \
    /opt/hearthbeat/bin/python -m pip uninstall --quiet --yes pip setuptools && \
    /opt/hearthbeat/bin/python -m compileall -q -j 0 /opt/hearthbeat/lib
RUN /opt/hearthbeat/bin/hearthbeat compile --out /opt/hearthbeat/share/hearthbeat/kernels
RUN mkdir -p /data

FROM python:${PYTHON}-slim
COPY --from=build /opt/hearthbeat /opt/hearthbeat
COPY --from=build --chown=10001:10001 /data /data
ENV PATH=/opt/hearthbeat/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 NUMBA_CPU_NAME=generic \
    HEARTHBEAT_HOST=0.0.0.0 HEARTHBEAT_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["hearthbeat"]
CMD ["serve"]
