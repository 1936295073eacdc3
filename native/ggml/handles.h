#pragma once

#include <memory>

#include "ggml/symbols.h"

/** Owners of what ggml allocates: whatever throws, nothing leaks. */
struct ContextDeleter {
  void operator()(ggml_context* context) const { g.ggml_free(context); }
};
struct BufferDeleter {
  void operator()(ggml_backend_buffer_t buffer) const { g.ggml_backend_buffer_free(buffer); }
};
struct BackendDeleter {
  void operator()(ggml_backend_t backend) const { g.ggml_backend_free(backend); }
};
struct SchedulerDeleter {
  void operator()(ggml_backend_sched_t scheduler) const { g.ggml_backend_sched_free(scheduler); }
};

using ContextPtr = std::unique_ptr<ggml_context, ContextDeleter>;
using BufferPtr = std::unique_ptr<ggml_backend_buffer, BufferDeleter>;
using BackendPtr = std::unique_ptr<ggml_backend, BackendDeleter>;
using SchedulerPtr = std::unique_ptr<ggml_backend_sched, SchedulerDeleter>;
