#pragma once

#include <napi.h>

/* Our kernels as JavaScript calls them, one operation alone; see compute_alone.h. */

Napi::Value js_multiply(const Napi::CallbackInfo& info);
Napi::Value js_attend_cached(const Napi::CallbackInfo& info);
