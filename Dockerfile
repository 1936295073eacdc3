# docker build --tag llava .            CPU only; docs/install.md says how to run it
FROM node:24-bookworm AS build
WORKDIR /llava
COPY . .
RUN npm ci && npm pack

FROM node:24-bookworm-slim
COPY --from=build /llava/llava-*.tgz /tmp/
# Libraries for GPUs are most of the size, and no use here.
RUN npm install --global --ignore-scripts /tmp/llava-*.tgz \
  && cd /usr/local/lib/node_modules/llava \
  && rm -rf node_modules/@node-llama-cpp/*-cuda* node_modules/@node-llama-cpp/*-vulkan /tmp/llava-*.tgz ~/.npm \
  && mkdir -p /models /pictures && chown node /models
COPY --from=build /llava/native/build/Release/llava_native.node /usr/local/lib/node_modules/llava/native/build/Release/
ENV HF_HOME=/models XDG_DATA_HOME=/models/state
VOLUME /models
USER node
WORKDIR /pictures
ENTRYPOINT ["llava"]
