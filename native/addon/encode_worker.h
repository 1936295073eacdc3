#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "addon/promise_worker.h"
#include "vision/tower.h"

/** Encodes one picture off the JavaScript thread. A promise of features and attention. */
class EncodeWorker : public PromiseWorker {
 public:
  /** Keeps the tower alive until it has ended; calls `on_end` on the JavaScript thread then. */
  EncodeWorker(Napi::Env env, std::shared_ptr<VisionTower> tower, std::vector<uint8_t> pixels,
               std::function<void()> on_end);

 private:
  void work(const std::atomic<bool>& cancelled) override;
  Napi::Value result() override;
  void ended() override;
  Napi::Float32Array copy(const std::vector<float>& values);

  std::shared_ptr<VisionTower> tower_;
  std::vector<uint8_t> pixels_;
  EncodedPicture encoded_;
  std::function<void()> on_end_;
};
