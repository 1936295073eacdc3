#include "addon/addon_context.h"

#include <cstddef>

#include "AddonContext.h"
#include "addon/arguments.h"
#include "failure.h"
#include "ggml/symbols.h"

namespace {

#ifdef __MINGW32__

// node-llama-cpp's classes as Microsoft's compiler, which its Windows binaries are made with, lays them out: up to the first
// member whose size another compiler's library does not know, a mutex.

struct MicrosoftWrap {
  void* functions;
  napi_env env;
  napi_ref reference;
  bool suppresses_destruction;
  alignas(8) bool construction_failed;
  bool finalized;
};

struct MicrosoftModel : MicrosoftWrap {
  alignas(8) llama_model_params model_params;
  void* kv_overrides[3];
  llama_model* model;
};

struct MicrosoftContext : MicrosoftWrap {
  alignas(8) const MicrosoftModel* model;
  llama_context_params context_params;
  llama_context* ctx;
  llama_batch batch;
  uint64_t batch_memory_size;
  bool has_batch;
  int32_t batch_n_tokens;
  int n_cur;
  uint64_t loaded_context_memory_size;
  bool contextLoaded;
};
static_assert(sizeof(MicrosoftWrap) == 40, "as Napi::ObjectWrap");

using Context = MicrosoftContext;

/** Its context is gone together with its memory; one that is disposed says so when it is asked for its size. */
bool is_disposed(const Context& context) { return !context.contextLoaded || context.ctx == nullptr; }

#else

using Context = AddonContext;

bool is_disposed(const Context& context) {
  return context.disposed || context.memoryDisposed || !context.contextLoaded || context.ctx == nullptr;
}

#endif

std::string class_name(const Napi::Object& object) {
  const Napi::Value made_by = object.Get("constructor");
  if (!made_by.IsFunction()) return "";
  const Napi::Value name = made_by.As<Napi::Object>().Get("name");
  return name.IsString() ? name.As<Napi::String>().Utf8Value() : "";
}

/** What node-llama-cpp's own method says: tokens of all sequences together. It throws for a disposed context.
 */
uint32_t context_size(const Napi::Object& object) {
  const Napi::Value method = object.Get("getContextSize");
  if (!method.IsFunction())
    throw Failure(code::kInvalidArgument, "Expected node-llama-cpp's native context for context");
  try {
    const Napi::Value size = method.As<Napi::Function>().Call(object, {});
    return size.IsNumber() ? size.As<Napi::Number>().Uint32Value() : 0;
  } catch (const Napi::Error& error) {
    throw Failure(code::kClosed, error.Message());
  }
}

}  // namespace

llama_context* unwrap_context(const Napi::Value& value) {
  const Napi::Object object = arguments::object(value, "context");
  const std::string name = class_name(object);
  if (name != "AddonContext") {
    throw Failure(
        code::kInvalidArgument,
        format("Expected node-llama-cpp's native context for context but received a \"%s\"", name.c_str()));
  }
  void* wrapped = nullptr;
  if (napi_unwrap(object.Env(), object, &wrapped) != napi_ok || wrapped == nullptr) {
    throw Failure(code::kInvalidArgument, "Expected node-llama-cpp's native context for context");
  }
  // As Napi::ObjectWrap<AddonContext>::Unwrap does.
  const auto* context = static_cast<const Context*>(wrapped);
  // Before any call: with its memory gone, node-llama-cpp's own methods would follow a null pointer.
  if (is_disposed(*context)) throw Failure(code::kClosed, "the context has been disposed");
  if (context_size(object) != g.llama_n_ctx(context->ctx) || context->model == nullptr ||
      g.llama_get_model(context->ctx) != context->model->model) {
    throw Failure(code::kIncompatible,
                  "node-llama-cpp's context is not laid out as in version " LLAVA_ENGINE_VERSION);
  }
  return context->ctx;
}
