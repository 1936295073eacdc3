#include <napi.h>

#include <algorithm>

#include "addon_context.h"
#include "arguments.h"
#include "devices.h"
#include "evaluate_worker.h"
#include "log_probabilities.h"
#include "open_worker.h"
#include "panel_backend.h"
#include "panel_multiplier.h"
#include "promise_worker.h"
#include "symbols.h"
#include "tower_object.h"

namespace {

constexpr int kMaxThreads = 512;

/** Runs on the JavaScript thread what may throw Failure, and throws it there as an Error with a code. */
template <typename Body>
Napi::Value throwing(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const Failure& failure) {
    throw make_error(env, failure.code(), failure.what());
  }
}

Napi::Value js_attach(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    attach(arguments::text(info[0], "libllamaPath"));
    return info.Env().Undefined();
  });
}

Napi::Value js_list_devices(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const Napi::Array list = Napi::Array::New(info.Env());
    for (const Device& device : list_devices()) {
      Napi::Object entry = Napi::Object::New(info.Env());
      entry.Set("name", device.name);
      entry.Set("description", device.description);
      entry.Set("type", device.type);
      entry.Set("totalBytes", static_cast<double>(device.total_bytes));
      entry.Set("freeBytes", static_cast<double>(device.free_bytes));
      list.Set(list.Length(), entry);
    }
    return list;
  });
}

Napi::Value js_accelerate_cpu(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const bool always = info[0].IsBoolean() && info[0].As<Napi::Boolean>().Value();
    return Napi::Boolean::New(info.Env(), register_panel_backend(always));
  });
}

ggml_type quantised_type(const Napi::Value& value) {
  const std::string name = arguments::text(value, "type");
  const ggml_type type = name == "Q4_0"   ? GGML_TYPE_Q4_0
                         : name == "Q4_K" ? GGML_TYPE_Q4_K
                         : name == "Q6_K" ? GGML_TYPE_Q6_K
                                          : GGML_TYPE_COUNT;
  if (type == GGML_TYPE_COUNT || !quantised_panels::supports(type))
    throw Failure(code::kInvalidArgument,
                  format("Expected a type that is multiplied here but received \"%s\"", name.c_str()));
  return type;
}

Napi::Value js_multiply_quantised(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const Napi::Object options = arguments::object(info[0], "options");
    const ggml_type type = quantised_type(options.Get("type"));
    const int inputs = arguments::integer(options.Get("inputs"), "inputs", 1, 1 << 20);
    const auto weights = arguments::typed_array<Napi::Uint8Array>(options.Get("weights"), "weights",
                                                                  napi_uint8_array, "Uint8Array");
    const auto rows = arguments::typed_array<Napi::Float32Array>(options.Get("rows"), "rows",
                                                                 napi_float32_array, "Float32Array");
    const auto width = static_cast<size_t>(inputs);
    const bool is_whole = inputs % g.ggml_blck_size(type) == 0;
    const size_t stride = is_whole ? g.ggml_row_size(type, inputs) : 0;
    if (!is_whole || weights.ByteLength() == 0 || weights.ByteLength() % stride != 0 ||
        rows.ElementLength() == 0 || rows.ElementLength() % width != 0)
      throw Failure(code::kInvalidArgument, format("Expected whole rows of %d inputs", inputs));
    const auto outputs = static_cast<int64_t>(weights.ByteLength() / stride);
    const auto count = static_cast<int64_t>(rows.ElementLength() / width);
    Napi::Float32Array result = Napi::Float32Array::New(info.Env(), static_cast<size_t>(outputs * count));
    PanelMultiplier multiplier;
    multiplier.set_threads(arguments::integer(options.Get("threads"), "threads", 1, kMaxThreads));
    multiplier.multiply({type, weights.Data(), stride, inputs, outputs},
                        {rows.Data(), width * sizeof(float), count},
                        {result.Data(), static_cast<size_t>(outputs) * sizeof(float), count});
    return result;
  });
}

Napi::Value js_open_tower(const Napi::CallbackInfo& info) {
  return promise_of(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const std::string path = arguments::text(info[0], "path");
    const Napi::Object options = arguments::object(info[1], "options");
    const Napi::Value device = options.Get("device");
    const std::string name = device.IsNull() ? "" : arguments::text(device, "device");
    return open_tower(info.Env(), path, name,
                      arguments::integer(options.Get("threads"), "threads", 1, kMaxThreads));
  });
}

Napi::Value js_evaluate_features(const Napi::CallbackInfo& info) {
  return promise_of(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const Napi::Object options = arguments::object(info[1], "options");
    const auto features = arguments::typed_array<Napi::Float32Array>(options.Get("features"), "features",
                                                                     napi_float32_array, "Float32Array");
    FeatureBatch batch{};
    batch.width = arguments::integer(options.Get("width"), "width", 1, 1 << 20);
    batch.sequence = arguments::integer(options.Get("sequenceId"), "sequenceId", 0, 1 << 20);
    batch.position = arguments::integer(options.Get("position"), "position", 0, 1 << 30);
    const auto tokens = static_cast<size_t>(arguments::integer(options.Get("tokens"), "tokens", 1, 1 << 20));
    if (features.ElementLength() != tokens * static_cast<size_t>(batch.width)) {
      throw Failure(code::kInvalidArgument,
                    format("Expected %zu x %lld features but received %zu values", tokens,
                           static_cast<long long>(batch.width), features.ElementLength()));
    }
    batch.values.assign(features.Data(), features.Data() + features.ElementLength());
    llama_context* context = unwrap_context(info[0]);
    return start_evaluation(info.Env(), info[0].As<Napi::Object>(), context, std::move(batch));
  });
}

Napi::Value js_log_probabilities(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const int index = arguments::integer(info[1], "logitIndex", 0, 1 << 20);
    const auto ids =
        arguments::typed_array<Napi::Int32Array>(info[2], "tokens", napi_int32_array, "Int32Array");
    const std::vector<llama_token> tokens(ids.Data(), ids.Data() + ids.ElementLength());
    const std::vector<double> values = log_probabilities(unwrap_context(info[0]), index, tokens);
    Napi::Float64Array result = Napi::Float64Array::New(info.Env(), values.size());
    std::copy(values.begin(), values.end(), result.Data());
    return result;
  });
}

Napi::Value js_cancel_evaluation(const Napi::CallbackInfo& info) {
  cancel(info.Env().GetInstanceData<AddonState>()->evaluating);
  return info.Env().Undefined();
}

Napi::Value js_cancel_all(const Napi::CallbackInfo& info) {
  cancel(info.Env().GetInstanceData<AddonState>()->in_flight);
  return info.Env().Undefined();
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  auto* state = new AddonState();
  state->tower_class = Napi::Persistent(TowerObject::define(env));
  env.SetInstanceData(state);
  exports.Set("release", LLAVA_RELEASE);
  exports.Set("engineVersion", LLAVA_ENGINE_VERSION);
  exports.Set("attach", Napi::Function::New<js_attach>(env, "attach"));
  exports.Set("listDevices", Napi::Function::New<js_list_devices>(env, "listDevices"));
  exports.Set("accelerateCpu", Napi::Function::New<js_accelerate_cpu>(env, "accelerateCpu"));
  exports.Set("multiplyQuantised", Napi::Function::New<js_multiply_quantised>(env, "multiplyQuantised"));
  exports.Set("openTower", Napi::Function::New<js_open_tower>(env, "openTower"));
  exports.Set("evaluateFeatures", Napi::Function::New<js_evaluate_features>(env, "evaluateFeatures"));
  exports.Set("logProbabilities", Napi::Function::New<js_log_probabilities>(env, "logProbabilities"));
  exports.Set("cancelEvaluation", Napi::Function::New<js_cancel_evaluation>(env, "cancelEvaluation"));
  exports.Set("cancelAll", Napi::Function::New<js_cancel_all>(env, "cancelAll"));
  return exports;
}

}  // namespace

NODE_API_MODULE(llava_native, init)
