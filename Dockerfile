# One image for every program of NovaConnect: `python manage.py api | worker | scheduler | migrate`.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /build
COPY requirements.lock .
RUN pip install --require-hashes -r requirements.lock
COPY sdk sdk
RUN pip install --no-deps --no-build-isolation ./sdk

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin nova
COPY --from=build /venv /venv
WORKDIR /app
COPY . .
# The installed package is the one that counts in an image.
RUN rm -rf sdk && python -m compileall -q . && mkdir var files && chown nova var files
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000 \
    NOVACONNECT_READY_FILE=var/ready
USER nova
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "manage.py", "api"]
