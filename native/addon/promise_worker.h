#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <system_error>

#include "failure.h"

using Flag = std::shared_ptr<std::atomic<bool>>;

/** What one JavaScript environment (the main thread, or a worker thread) has of this addon. Used on its
 * thread alone. */
struct AddonState {
  Napi::FunctionReference tower_class;
  std::set<Flag> in_flight;   // one stop flag a running worker
  std::set<Flag> evaluating;  // those of them that evaluate image features
};

inline void cancel(const std::set<Flag>& flags) {
  for (const Flag& flag : flags) flag->store(true);
}

/** The Error that JavaScript gets: `message` for people, `code` for programs. */
inline Napi::Error make_error(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Value().Set("code", Napi::String::New(env, code));
  return error;
}

/** Runs on the JavaScript thread what may throw Failure, and throws it there as an Error with a code. */
template <typename Body>
Napi::Value throwing(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const Failure& failure) {
    throw make_error(env, failure.code(), failure.what());
  }
}

/** What ggml's Vulkan backend throws while it computes: VK_ERROR_OUT_OF_HOST_MEMORY and …_DEVICE_MEMORY. */
inline bool is_out_of_memory(const std::error_code& error) {
  return std::string(error.category().name()) == "vk::Result" && (error.value() == -1 || error.value() == -2);
}

/** One piece of work off the JavaScript thread, seen there as a promise. Deletes itself when it has ended. */
class PromiseWorker : public Napi::AsyncWorker {
 public:
  Napi::Promise promise() const { return deferred_.Promise(); }
  const Flag& flag() const { return flag_; }

 protected:
  PromiseWorker(Napi::Env env, const char* name)
      : Napi::AsyncWorker(env, name),
        state_(env.GetInstanceData<AddonState>()),
        deferred_(Napi::Promise::Deferred::New(env)),
        flag_(std::make_shared<std::atomic<bool>>(false)) {
    state_->in_flight.insert(flag_);
  }

  /** Off the JavaScript thread; throws Failure. */
  virtual void work(const std::atomic<bool>& cancelled) = 0;
  /** On the JavaScript thread, after `work` has succeeded. */
  virtual Napi::Value result() = 0;
  /** On the JavaScript thread, before the promise is settled either way. */
  virtual void ended() {}

 private:
  void Execute() final {
    try {
      work(*flag_);
    } catch (const Failure& failure) {
      fail(failure.code(), failure.what());
    } catch (const std::bad_alloc&) {
      fail(code::kOutOfMemory, "out of memory");
    } catch (const std::system_error& error) {
      fail(is_out_of_memory(error.code()) ? code::kOutOfMemory : code::kEngine, error.what());
    } catch (const std::exception& error) {
      fail(code::kEngine, error.what());
    } catch (...) {
      fail(code::kEngine, "unknown failure");
    }
  }

  void fail(const char* code, const std::string& message) {
    code_ = code;
    SetError(message);
  }

  void OnOK() final {
    finish();
    try {
      deferred_.Resolve(result());
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
  }

  void OnError(const Napi::Error& error) final {
    finish();
    deferred_.Reject(make_error(Env(), code_, error.Message()).Value());
  }

  void finish() {
    state_->in_flight.erase(flag_);
    ended();
  }

  AddonState* state_;
  Napi::Promise::Deferred deferred_;
  Flag flag_;
  const char* code_ = code::kEngine;
};

/** Runs on the JavaScript thread what may throw Failure; the promise it returns, or one rejected with the
 * failure. */
template <typename Body>
Napi::Value promise_of(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const Failure& failure) {
    const auto deferred = Napi::Promise::Deferred::New(env);
    deferred.Reject(make_error(env, failure.code(), failure.what()).Value());
    return deferred.Promise();
  }
}
