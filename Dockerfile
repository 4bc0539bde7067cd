# docker build -t stancewire . && docker run --rm -v "$PWD/examples:/news" stancewire tag /news
FROM python:3.12-slim
COPY . /src
RUN pip install --no-cache-dir "/src[files]" && rm -rf /src && useradd --create-home reader
USER reader
ENTRYPOINT ["stancewire"]
CMD ["--help"]
