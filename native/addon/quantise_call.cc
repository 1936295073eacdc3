#include "addon/quantise_call.h"

#include <utility>

#include "addon/arguments.h"
#include "addon/promise_worker.h"
#include "bridge/quantise_file.h"
#include "ggml/symbols.h"

namespace {

class QuantiseWorker : public PromiseWorker {
 public:
  QuantiseWorker(Napi::Env env, Quantisation wanted)
      : PromiseWorker(env, "llava:quantise"), wanted_(std::move(wanted)) {}

 private:
  void work(const std::atomic<bool>&) override { quantise_file(wanted_); }
  Napi::Value result() override { return Env().Undefined(); }

  Quantisation wanted_;
};

/** Pairs of an array: `[[name, value], …]`. */
template <typename Take>
void for_each_pair(const Napi::Value& list, const char* name, Take take) {
  if (!list.IsArray()) throw Failure(code::kInvalidArgument, format("Expected an array for %s", name));
  const auto pairs = list.As<Napi::Array>();
  for (uint32_t i = 0; i < pairs.Length(); ++i) {
    const Napi::Object pair = arguments::object(pairs.Get(i), name);
    take(arguments::text(pair.Get(uint32_t{0}), name), pair.Get(uint32_t{1}));
  }
}

}  // namespace

Napi::Value js_quantise_file(const Napi::CallbackInfo& info) {
  return promise_of(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const Napi::Object options = arguments::object(info[2], "options");
    Quantisation wanted{};
    wanted.source = arguments::text(info[0], "source");
    wanted.target = arguments::text(info[1], "target");
    wanted.type = arguments::integer(options.Get("type"), "type", 0, 1023);
    wanted.threads = arguments::integer(options.Get("threads"), "threads", 1, arguments::kMaxThreads);
    wanted.most_buffer_bytes = static_cast<size_t>(
        arguments::integer(options.Get("mostBufferBytes"), "mostBufferBytes", 1, 1 << 30));
    for_each_pair(options.Get("importance"), "importance", [&](std::string matrix, const Napi::Value& value) {
      const auto values = arguments::typed_array<Napi::Float32Array>(value, "importance", napi_float32_array,
                                                                     "Float32Array");
      wanted.importance.push_back(
          {std::move(matrix), {values.Data(), values.Data() + values.ElementLength()}});
    });
    for_each_pair(options.Get("keys"), "keys", [&](std::string name, const Napi::Value& value) {
      if (value.IsNumber())
        wanted.keys.push_back({std::move(name), int64_t{arguments::integer(value, "keys", 0, 1 << 30)}});
      else
        wanted.keys.push_back({std::move(name), arguments::text(value, "keys")});
    });
    auto* worker = new QuantiseWorker(info.Env(), std::move(wanted));
    worker->Queue();
    return worker->promise();
  });
}
