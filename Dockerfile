# The slim base holds Airflow and its own providers only: everything else is the lock file's choice, so what
# runs here is what the tests ran. The full base brings some thirty more providers at versions no one tested
# with this lock.
FROM apache/airflow:slim-3.3.2-python3.12

# The base's user `airflow` is 50000, in group 0. A named volume takes owner and mode from the folder it covers;
# without these folders it would be root's.
USER 0
RUN install -d -o 50000 -g 0 -m 0770 \
      /opt/memorialize /opt/airflow/auth /var/lib/memorialize/staging /var/lib/memorialize/reports \
      /var/lib/memorialize/objects
USER 50000:0
WORKDIR /opt/memorialize

COPY --chown=50000:0 requirements.lock ./
RUN uv pip install --no-cache --require-hashes --compile-bytecode -r requirements.lock

# No `airflow` command runs during the build: its first start writes an airflow.cfg with a generated key.
COPY --chown=50000:0 . .
RUN uv pip install --no-cache --no-deps --no-build-isolation --no-index -e . \
 && python -m compileall -q app dags memorialization plugins sandbox

ENV AIRFLOW__CORE__DAGS_FOLDER=/opt/memorialize/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/memorialize/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    GX_ANALYTICS_ENABLED=False \
    MEMORIALIZATION_STAGING=/var/lib/memorialize/staging \
    MEMORIALIZATION_REPORTS=/var/lib/memorialize/reports
