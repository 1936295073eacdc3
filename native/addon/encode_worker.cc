#include "addon/encode_worker.h"

#include <algorithm>

EncodeWorker::EncodeWorker(Napi::Env env, std::shared_ptr<VisionTower> tower, std::vector<uint8_t> pixels,
                           std::function<void()> on_end)
    : PromiseWorker(env, "llava:encode"),
      tower_(std::move(tower)),
      pixels_(std::move(pixels)),
      on_end_(std::move(on_end)) {}

void EncodeWorker::work(const std::atomic<bool>& cancelled) {
  encoded_ = tower_->encode(pixels_, cancelled);
}

Napi::Value EncodeWorker::result() {
  Napi::Object result = Napi::Object::New(Env());
  result.Set("features", copy(encoded_.features));
  result.Set("attention", copy(encoded_.attention));
  return result;
}

Napi::Float32Array EncodeWorker::copy(const std::vector<float>& values) {
  // A copy, since V8 may refuse memory that it did not allocate itself.
  auto array = Napi::Float32Array::New(Env(), values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

void EncodeWorker::ended() {
  tower_.reset();
  on_end_();
}
