# rosterd as a small image: `docker build -t rosterd .`, then
#   docker run -p 8080:8080 -v ./upload:/upload -v rosterd-data:/data -e DATABASE_URL=postgres://… rosterd
# The container's user is 1000:1000. It must be able to write to a folder of the host that is mounted as /upload or /data.
# `rosterd print compose` prints a Compose file with a database, and the commands that make such folders.

# Deno 2.9 or later: an older one has no deadlines for HTTP clients that keep nobody busy.
FROM denoland/deno:2.9.6 AS compile
WORKDIR /rosterd
COPY . .
RUN deno task compile && dist/rosterd --version

FROM debian:12.12-slim
LABEL org.opencontainers.image.title="rosterd" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 1000 rosterd \
 && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /data --shell /usr/sbin/nologin rosterd \
 && install -d -o rosterd -g rosterd -m 0750 /upload /data
COPY --from=compile /rosterd/dist/rosterd /usr/local/bin/rosterd
COPY --from=compile /rosterd/LICENSE /usr/share/doc/rosterd/LICENSE

# No package of certificates: the program brings its own list, and checks mail servers and databases against it.
ENV ROSTERD_UPLOAD=/upload \
    ROSTERD_DATA=/data \
    ROSTERD_SETTINGS=/data/settings.json \
    ROSTERD_LISTEN=0.0.0.0:8080

USER 1000:1000
WORKDIR /data
VOLUME ["/upload", "/data"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["rosterd", "healthcheck"]
ENTRYPOINT ["rosterd"]
CMD ["serve"]
