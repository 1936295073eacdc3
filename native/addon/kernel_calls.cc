#include "addon/kernel_calls.h"

#include <algorithm>
#include <vector>

#include "addon/arguments.h"
#include "addon/promise_worker.h"
#include "bridge/compute_alone.h"
#include "ggml/symbols.h"
#include "kernels/quantised/panels.h"
#include "kernels/weight_types.h"

namespace {

constexpr int kMost = 1 << 20;

Napi::Float32Array to_javascript(Napi::Env env, const std::vector<float>& values) {
  Napi::Float32Array result = Napi::Float32Array::New(env, values.size());
  std::copy(values.begin(), values.end(), result.Data());
  return result;
}

int threads_of(const Napi::Object& options) {
  return arguments::integer(options.Get("threads"), "threads", 1, arguments::kMaxThreads);
}

int size_of(const Napi::Object& options, const char* name) {
  return arguments::integer(options.Get(name), name, 1, kMost);
}

std::vector<float> floats_of(const Napi::Object& options, const char* name) {
  const auto array =
      arguments::typed_array<Napi::Float32Array>(options.Get(name), name, napi_float32_array, "Float32Array");
  return {array.Data(), array.Data() + array.ElementLength()};
}

std::vector<uint16_t> halves_of(const Napi::Object& options, const char* name) {
  const auto array =
      arguments::typed_array<Napi::Uint16Array>(options.Get(name), name, napi_uint16_array, "Uint16Array");
  return {array.Data(), array.Data() + array.ElementLength()};
}

/** What is multiplied by here, by the names of the types in files. */
ggml_type weight_type(const Napi::Value& value) {
  const std::string name = arguments::text(value, "type");
#define LLAVA_NAMED(type, Reads) \
  if (name == #type) return GGML_TYPE_##type;
  LLAVA_FLOAT_TYPES(LLAVA_NAMED)
#undef LLAVA_NAMED
#define LLAVA_NAMED(type) \
  if (name == #type && quantised_panels::supports(GGML_TYPE_##type)) return GGML_TYPE_##type;
  LLAVA_QUANTISED_TYPES(LLAVA_NAMED)
#undef LLAVA_NAMED
  throw Failure(code::kInvalidArgument,
                format("Expected a type that is multiplied here but received \"%s\"", name.c_str()));
}

}  // namespace

Napi::Value js_multiply(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const Napi::Object options = arguments::object(info[0], "options");
    const ggml_type type = weight_type(options.Get("type"));
    const int inputs = size_of(options, "inputs");
    const auto weights = arguments::typed_array<Napi::Uint8Array>(options.Get("weights"), "weights",
                                                                  napi_uint8_array, "Uint8Array");
    const std::vector<float> rows = floats_of(options, "rows");
    const auto width = static_cast<size_t>(inputs);
    const bool is_whole = inputs % g.ggml_blck_size(type) == 0;
    const size_t stride = is_whole ? g.ggml_row_size(type, inputs) : 0;
    if (!is_whole || weights.ByteLength() == 0 || weights.ByteLength() % stride != 0 || rows.empty() ||
        rows.size() % width != 0)
      throw Failure(code::kInvalidArgument, format("Expected whole rows of %d inputs", inputs));
    const std::vector<char> bytes(weights.Data(), weights.Data() + weights.ByteLength());
    return to_javascript(info.Env(), multiply(type, inputs, bytes, rows, threads_of(options)));
  });
}

Napi::Value js_attend_cached(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const Napi::Object options = arguments::object(info[0], "options");
    const AttentionOperands operands{
        size_of(options, "width"),  size_of(options, "heads"),     size_of(options, "keyHeads"),
        size_of(options, "rows"),   size_of(options, "positions"), floats_of(options, "queries"),
        halves_of(options, "keys"), halves_of(options, "values"),  halves_of(options, "mask")};
    const int64_t query_values = operands.heads * operands.rows * operands.width;
    const int64_t kept_values = operands.key_heads * operands.positions * operands.width;
    const auto is = [](size_t size, int64_t expected) { return static_cast<int64_t>(size) == expected; };
    if (operands.width % 8 != 0 || operands.heads % operands.key_heads != 0 ||
        !is(operands.queries.size(), query_values) || !is(operands.keys.size(), kept_values) ||
        !is(operands.values.size(), kept_values) ||
        !is(operands.mask.size(), operands.rows * operands.positions))
      throw Failure(code::kInvalidArgument, "Expected queries, keys, values and mask of one size");
    return to_javascript(info.Env(), attend_cached(operands, threads_of(options)));
  });
}
