# geulgam, for a CPU: `docker build -t geulgam . && docker run --rm -it geulgam demo`.
# For a GPU: docker build --build-arg TORCH_INDEX= …, which takes PyTorch from the default package index.
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 geulgam \
    && install --directory --owner=geulgam /workspace /home/geulgam/.cache

ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY constraints.txt /src/
RUN pip install --no-cache-dir --disable-pip-version-check --constraint /src/constraints.txt \
    --no-deps ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} torch

COPY . /src
RUN pip install --no-cache-dir --disable-pip-version-check --constraint /src/constraints.txt '/src[demo]'

USER 1000
WORKDIR /workspace
ENV PYTHONUNBUFFERED=1
ENTRYPOINT ["geulgam"]
