#pragma once

#include <napi.h>

#include <memory>
#include <string>

#include "addon/promise_worker.h"
#include "vision/tower.h"

/** The NativeTower that JavaScript holds: its numbers, and one encode at a time. */
class TowerObject : public Napi::ObjectWrap<TowerObject> {
 public:
  static Napi::Function define(Napi::Env env);
  static Napi::Value make(Napi::Env env, std::shared_ptr<VisionTower> tower);
  explicit TowerObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value encode(const Napi::CallbackInfo& info);
  Napi::Value cancel(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  std::shared_ptr<VisionTower> tower_;  // shared with the encode in flight, so that close need not wait
  std::shared_ptr<Flag> encoding_ =
      std::make_shared<Flag>();  // the stop flag of the encode in flight, if any
};

/** Loads a vision tower off the JavaScript thread. A promise of a NativeTower. */
Napi::Value open_tower(Napi::Env env, const std::string& path, const std::string& device, int threads);
