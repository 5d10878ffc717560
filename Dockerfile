# Subtitles on a machine with containers, without PyTorch: the models are made elsewhere, with `ovsubs export`.
#
#   docker build --tag ovsubs .                             with models from outside, mounted at /models
#   docker build --tag ovsubs --build-arg MODEL=base .      with models/base in it
#   docker run --rm --volume "$PWD/films:/films" --volume "$PWD/models:/models:ro" ovsubs subtitle /films --offline

FROM python:3.11-slim AS install
COPY pyproject.toml README.md LICENSE /source/
COPY ovsubs /source/ovsubs
RUN python -m venv /ovsubs && /ovsubs/bin/pip install --no-cache-dir /source

FROM python:3.11-slim
# The number is that of a job of Kubernetes, as `ovsubs jobspec` writes it.
RUN useradd --uid 1000 --user-group --create-home ovsubs
COPY --from=install /ovsubs /ovsubs
# A folder of models/; left out, an empty file, because COPY wants something.
ARG MODEL=.gitkeep
COPY models/${MODEL} /models/${MODEL}
ENV PATH=/ovsubs/bin:$PATH \
    OVSUBS_MODELS=/models \
    PYTHONUNBUFFERED=1
# Bacalhau makes the folder of published results for the user of its node alone: 0:0 where that is root.
ARG RUN_AS=1000:1000
USER ${RUN_AS}
ENTRYPOINT ["ovsubs"]
