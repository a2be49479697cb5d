# isinglass for any user, with the root file system read-only and without a network:
#
#   docker build --build-arg EXTRA=tokens -t isinglass .
#   docker run --rm --read-only --tmpfs /tmp --network none --user "$(id -u)" \
#       -v "$PWD:/data" isinglass run --config job.yaml
#
# EXTRA is nothing, `tokens` or `encode`; the README says what each weighs.
FROM python:3.11-slim

ARG EXTRA=""
COPY . /src
RUN python -m pip install --no-cache-dir -c /src/constraints.txt "/src${EXTRA:+[$EXTRA]}"
RUN rm -rf /src && isinglass doctor

WORKDIR /data
ENTRYPOINT ["isinglass"]
CMD ["--help"]
