#include <fcntl.h>
#include <napi.h>

#include <cstdio>

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

#include "addon/arguments.h"
#include "addon/context_calls.h"
#include "addon/kernel_calls.h"
#include "addon/promise_worker.h"
#include "addon/quantise_call.h"
#include "addon/tower_object.h"
#include "bridge/cpu_graph.h"
#include "bridge/panel_device.h"
#include "ggml/devices.h"
#include "ggml/symbols.h"
#include "kernels/instruction_sets.h"
#include "kernels/quantised/panels.h"

namespace {

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

#ifdef _WIN32
int duplicate(int file) { return _dup(file); }
int redirect(int from, int to) { return _dup2(from, to); }
int close_file(int file) { return _close(file); }
int open_nowhere() { return _open("NUL", _O_WRONLY); }
#else
int duplicate(int file) { return dup(file); }
int redirect(int from, int to) { return dup2(from, to); }
int close_file(int file) { return close(file); }
int open_nowhere() { return open("/dev/null", O_WRONLY); }
#endif

/** While it lives, what C code of this process prints goes nowhere. */
class StdoutAside {
 public:
  StdoutAside() : saved_(duplicate(1)) {
    const int nowhere = saved_ < 0 ? -1 : open_nowhere();
    if (nowhere < 0) return;
    redirect(nowhere, 1);
    close_file(nowhere);
  }
  ~StdoutAside() {
    std::fflush(stdout);
    if (saved_ < 0) return;
    redirect(saved_, 1);
    close_file(saved_);
  }
  StdoutAside(const StdoutAside&) = delete;
  StdoutAside& operator=(const StdoutAside&) = delete;

 private:
  int saved_;
};

/** Calls a function whose printing is not for the user: node-llama-cpp prints metadata overrides. */
Napi::Value js_without_stdout(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    const StdoutAside aside;
    return info[0].As<Napi::Function>().Call({});
  });
}

/** Sets the devices up off the JavaScript thread. */
class PrepareWorker : public PromiseWorker {
 public:
  explicit PrepareWorker(Napi::Env env) : PromiseWorker(env, "llava:prepare") {}

 private:
  void work(const std::atomic<bool>&) override { prepare_devices(); }
  Napi::Value result() override { return Env().Undefined(); }
};

Napi::Value js_prepare_devices(const Napi::CallbackInfo& info) {
  return promise_of(info.Env(), [&]() -> Napi::Value {
    require_attached();
    auto* worker = new PrepareWorker(info.Env());
    worker->Queue();
    return worker->promise();
  });
}

Napi::Value js_accelerate_cpu(const Napi::CallbackInfo& info) {
  return throwing(info.Env(), [&]() -> Napi::Value {
    require_attached();
    const bool can = quantised_panels::supports(GGML_TYPE_Q4_0);
    if (can) {
      compute_own_operations();
      register_panel_device();
    }
    return Napi::Boolean::New(info.Env(), can);
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
                      arguments::integer(options.Get("threads"), "threads", 1, arguments::kMaxThreads));
  });
}

/** Those of this processor that our kernels are written with. */
Napi::Array instruction_sets(Napi::Env env) {
  const Napi::Array names = Napi::Array::New(env);
  const auto add = [&](bool is_here, const char* name) {
    if (is_here) names.Set(names.Length(), name);
  };
  add(avx2::is_here(), "AVX2");
  add(avx512::is_here(), "AVX512");
  add(avx512::has_vnni(), "AVX512_VNNI");
  return names;
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
  exports.Set("instructionSets", instruction_sets(env));
  exports.Set("attach", Napi::Function::New<js_attach>(env, "attach"));
  exports.Set("listDevices", Napi::Function::New<js_list_devices>(env, "listDevices"));
  exports.Set("prepareDevices", Napi::Function::New<js_prepare_devices>(env, "prepareDevices"));
  exports.Set("accelerateCpu", Napi::Function::New<js_accelerate_cpu>(env, "accelerateCpu"));
  exports.Set("attendCached", Napi::Function::New<js_attend_cached>(env, "attendCached"));
  exports.Set("multiply", Napi::Function::New<js_multiply>(env, "multiply"));
  exports.Set("openTower", Napi::Function::New<js_open_tower>(env, "openTower"));
  exports.Set("evaluateFeatures", Napi::Function::New<js_evaluate_features>(env, "evaluateFeatures"));
  exports.Set("logProbabilities", Napi::Function::New<js_log_probabilities>(env, "logProbabilities"));
  exports.Set("likeliestTokens", Napi::Function::New<js_likeliest_tokens>(env, "likeliestTokens"));
  exports.Set("sortLogits", Napi::Function::New<js_sort_logits>(env, "sortLogits"));
  exports.Set("logitsAreFinite", Napi::Function::New<js_logits_are_finite>(env, "logitsAreFinite"));
  exports.Set("quantiseFile", Napi::Function::New<js_quantise_file>(env, "quantiseFile"));
  exports.Set("cancelEvaluation", Napi::Function::New<js_cancel_evaluation>(env, "cancelEvaluation"));
  exports.Set("withoutStdout", Napi::Function::New<js_without_stdout>(env, "withoutStdout"));
  exports.Set("cancelAll", Napi::Function::New<js_cancel_all>(env, "cancelAll"));
  return exports;
}

}  // namespace

NODE_API_MODULE(llava_native, init)
