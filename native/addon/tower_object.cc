#include "addon/tower_object.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "addon/arguments.h"

namespace {

/** Loads a tower off the JavaScript thread. */
class OpenWorker : public PromiseWorker {
 public:
  OpenWorker(Napi::Env env, std::string path, std::string device, int threads)
      : PromiseWorker(env, "llava:open"),
        path_(std::move(path)),
        device_(std::move(device)),
        threads_(threads) {}

 private:
  void work(const std::atomic<bool>& cancelled) override {
    tower_ = std::make_shared<VisionTower>(path_, device_, threads_, cancelled);
  }
  Napi::Value result() override { return TowerObject::make(Env(), std::move(tower_)); }

  std::string path_;
  std::string device_;
  int threads_;
  std::shared_ptr<VisionTower> tower_;
};

/** Encodes one picture off the JavaScript thread. */
class EncodeWorker : public PromiseWorker {
 public:
  /** Keeps the tower alive until it has ended; calls `on_end` on the JavaScript thread then. */
  EncodeWorker(Napi::Env env, std::shared_ptr<VisionTower> tower, std::vector<uint8_t> pixels,
               std::function<void()> on_end)
      : PromiseWorker(env, "llava:encode"),
        tower_(std::move(tower)),
        pixels_(std::move(pixels)),
        on_end_(std::move(on_end)) {}

 private:
  void work(const std::atomic<bool>& cancelled) override { encoded_ = tower_->encode(pixels_, cancelled); }

  Napi::Value result() override {
    Napi::Object result = Napi::Object::New(Env());
    result.Set("features", copy(encoded_.features));
    result.Set("attention", copy(encoded_.attention));
    return result;
  }

  void ended() override {
    tower_.reset();
    on_end_();
  }

  Napi::Float32Array copy(const std::vector<float>& values) {
    // A copy, since V8 may refuse memory that it did not allocate itself.
    auto array = Napi::Float32Array::New(Env(), values.size());
    std::copy(values.begin(), values.end(), array.Data());
    return array;
  }

  std::shared_ptr<VisionTower> tower_;
  std::vector<uint8_t> pixels_;
  EncodedPicture encoded_;
  std::function<void()> on_end_;
};

/** Gives a tower's memory back off the JavaScript thread: 600 MB take a while. */
class CloseWorker : public PromiseWorker {
 public:
  CloseWorker(Napi::Env env, std::shared_ptr<VisionTower> tower)
      : PromiseWorker(env, "llava:close"), tower_(std::move(tower)) {}

 private:
  void work(const std::atomic<bool>&) override { tower_.reset(); }
  Napi::Value result() override { return Env().Undefined(); }

  std::shared_ptr<VisionTower> tower_;
};

}  // namespace

Napi::Function TowerObject::define(Napi::Env env) {
  return DefineClass(
      env, "NativeTower",
      {InstanceMethod<&TowerObject::encode>("encode"), InstanceMethod<&TowerObject::cancel>("cancel"),
       InstanceMethod<&TowerObject::close>("close")});
}

Napi::Value TowerObject::make(Napi::Env env, std::shared_ptr<VisionTower> tower) {
  const VisionShape& shape = tower->shape();
  const std::pair<const char*, double> numbers[] = {
      {"imageSize", static_cast<double>(shape.image_size)},
      {"patchSize", static_cast<double>(shape.patch_size)},
      {"tokens", static_cast<double>(shape.tokens())},
      {"width", static_cast<double>(tower->output_width())},
      {"blocks", static_cast<double>(shape.blocks)},
      {"storedBlocks", static_cast<double>(shape.stored_blocks)},
      {"weightBytes", static_cast<double>(tower->weight_bytes())},
      {"computeBytes", static_cast<double>(tower->compute_bytes())},
  };
  const auto holder = Napi::External<std::shared_ptr<VisionTower>>::New(env, &tower);
  Napi::Object object = env.GetInstanceData<AddonState>()->tower_class.New({holder});
  for (const auto& [name, value] : numbers) {
    object.DefineProperty(
        Napi::PropertyDescriptor::Value(name, Napi::Number::New(env, value), napi_enumerable));
  }
  return object;
}

TowerObject::TowerObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<TowerObject>(info) {
  if (!info[0].IsExternal())
    throw make_error(info.Env(), code::kInvalidArgument, "towers are made by openTower");
  tower_ = *info[0].As<Napi::External<std::shared_ptr<VisionTower>>>().Data();
}

Napi::Value TowerObject::encode(const Napi::CallbackInfo& info) {
  return promise_of(info.Env(), [&]() -> Napi::Value {
    const auto pixels =
        arguments::typed_array<Napi::Uint8Array>(info[0], "pixels", napi_uint8_array, "Uint8Array");
    if (tower_ == nullptr) throw Failure(code::kClosed, "the vision tower is closed");
    if (*encoding_ != nullptr) throw Failure(code::kBusy, "the vision tower is encoding another picture");
    if (pixels.ElementLength() != tower_->pixel_bytes()) {
      throw Failure(code::kInvalidArgument, format("Expected %zu bytes of pixels but received %zu",
                                                   tower_->pixel_bytes(), pixels.ElementLength()));
    }
    std::vector<uint8_t> copy(pixels.Data(), pixels.Data() + pixels.ElementLength());
    const auto encoding = encoding_;
    auto* worker = new EncodeWorker(info.Env(), tower_, std::move(copy), [encoding] { encoding->reset(); });
    *encoding_ = worker->flag();
    worker->Queue();
    return worker->promise();
  });
}

Napi::Value TowerObject::cancel(const Napi::CallbackInfo& info) {
  if (*encoding_ != nullptr) (*encoding_)->store(true);
  return info.Env().Undefined();
}

Napi::Value TowerObject::close(const Napi::CallbackInfo& info) {
  auto* worker = new CloseWorker(info.Env(), std::exchange(tower_, nullptr));
  worker->Queue();
  return worker->promise();
}

Napi::Value open_tower(Napi::Env env, const std::string& path, const std::string& device, int threads) {
  auto* worker = new OpenWorker(env, path, device, threads);
  worker->Queue();
  return worker->promise();
}
