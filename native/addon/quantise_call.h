#pragma once

#include <napi.h>

/** Quantises a GGUF file off the JavaScript thread; see quantise_file.h. */
Napi::Value js_quantise_file(const Napi::CallbackInfo& info);
