# docker build -t stancewire . && docker run --rm -v "$PWD/examples:/news:ro" stancewire tag /news
# docker build --target check .    # does what .ci/run does, tests and all
FROM python:3.12-slim AS source
WORKDIR /src
COPY . .

FROM source AS check
ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
RUN bash .ci/run

FROM source AS wheel
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheel .

FROM python:3.12-slim
RUN --mount=type=bind,from=wheel,source=/wheel,target=/wheel \
    pip install --no-cache-dir "$(echo /wheel/*.whl)[files]" && useradd --create-home --uid 1000 reader
USER 1000
WORKDIR /home/reader
ENTRYPOINT ["stancewire"]
CMD ["--help"]
