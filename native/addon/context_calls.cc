#include "addon/context_calls.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "addon/addon_context.h"
#include "addon/arguments.h"
#include "addon/promise_worker.h"
#include "bridge/evaluate_features.h"
#include "bridge/log_probabilities.h"
#include "ggml/symbols.h"

namespace {

/** Evaluates image features off the JavaScript thread; holds the object that owns the context meanwhile. */
class EvaluateWorker : public PromiseWorker {
 public:
  EvaluateWorker(Napi::Env env, Napi::Object owner, llama_context* context, FeatureBatch batch)
      : PromiseWorker(env, "llava:evaluate"),
        owner_(Napi::Persistent(owner)),
        context_(context),
        batch_(std::move(batch)),
        evaluating_(env.GetInstanceData<AddonState>()->evaluating) {
    evaluating_.insert(flag());
  }

 private:
  void work(const std::atomic<bool>& cancelled) override { evaluate_features(context_, batch_, cancelled); }
  Napi::Value result() override { return Env().Undefined(); }
  void ended() override { evaluating_.erase(flag()); }

  Napi::ObjectReference owner_;
  llama_context* context_;
  FeatureBatch batch_;
  std::set<Flag>& evaluating_;
};

/** A promise of nothing. Throws what check_batch throws. */
Napi::Value start_evaluation(Napi::Env env, Napi::Object owner, llama_context* context, FeatureBatch batch) {
  check_batch(context, batch);
  auto* worker = new EvaluateWorker(env, owner, context, std::move(batch));
  worker->Queue();
  return worker->promise();
}

}  // namespace

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

Napi::Value js_likeliest_tokens(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const int index = arguments::integer(info[1], "logitIndex", 0, 1 << 20);
    const int most = arguments::integer(info[2], "most", 0, 1 << 20);
    const std::vector<llama_token> tokens = likeliest_tokens(unwrap_context(info[0]), index, most);
    Napi::Int32Array result = Napi::Int32Array::New(info.Env(), tokens.size());
    std::copy(tokens.begin(), tokens.end(), result.Data());
    return result;
  });
}

Napi::Value js_sort_logits(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    require_attached();
    sort_logits(unwrap_context(info[0]));
    return info.Env().Undefined();
  });
}

Napi::Value js_logits_are_finite(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const auto indexes = arguments::typed_array<Napi::Int32Array>(info[1], "logitIndexes", napi_int32_array,
                                                                  "Int32Array");
    const std::vector<int32_t> rows(indexes.Data(), indexes.Data() + indexes.ElementLength());
    return Napi::Boolean::New(info.Env(), logits_are_finite(unwrap_context(info[0]), rows));
  });
}

Napi::Value js_cancel_evaluation(const Napi::CallbackInfo& info) {
  cancel(info.Env().GetInstanceData<AddonState>()->evaluating);
  return info.Env().Undefined();
}
