#include "addon/tower_object.h"

#include <utility>

#include "addon/arguments.h"
#include "addon/encode_worker.h"

namespace {

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
