# One image for web, worker, beat and migrate; docker-compose.yml says which command each runs.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    VAR_DIR=/var/lib/tashi

RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/tashi tashi
WORKDIR /app

COPY requirements.txt ./
RUN python -m pip install --require-hashes -r requirements.txt

COPY . .
# What the build makes stays in the image, not in a volume: a new image brings its own static files.
ENV STATIC_ROOT=/app/collected
RUN python -m tooling.messages compile \
    && SANDBOX=1 SECRET_KEY=build VAR_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build && chown tashi /var/lib/tashi

USER tashi
EXPOSE 8000
VOLUME /var/lib/tashi
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=4 CMD ["python", "-m", "tooling.healthcheck", "web", "8000"]
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--worker-class", "gthread", "--threads", "4", "--logger-class", "core.gunicorn_log.HouseLog", "--access-logfile", "-", "--no-control-socket"]
