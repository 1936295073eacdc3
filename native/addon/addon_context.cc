#include "addon/addon_context.h"

#include "AddonContext.h"
#include "addon/arguments.h"
#include "failure.h"
#include "ggml/symbols.h"

namespace {

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
  const auto* context = static_cast<AddonContext*>(wrapped);
  // Before any call: with its memory gone, node-llama-cpp's own methods would follow a null pointer.
  if (context->disposed || context->memoryDisposed || !context->contextLoaded || context->ctx == nullptr) {
    throw Failure(code::kClosed, "the context has been disposed");
  }
  if (context_size(object) != g.llama_n_ctx(context->ctx) || context->model == nullptr ||
      g.llama_get_model(context->ctx) != context->model->model) {
    throw Failure(code::kIncompatible,
                  "node-llama-cpp's context is not laid out as in version " LLAVA_ENGINE_VERSION);
  }
  return context->ctx;
}
