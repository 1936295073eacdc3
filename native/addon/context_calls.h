#pragma once

#include <napi.h>

/* What JavaScript asks of node-llama-cpp's context: each takes it as its first argument, see addon_context.h. */

Napi::Value js_evaluate_features(const Napi::CallbackInfo& info);
Napi::Value js_log_probabilities(const Napi::CallbackInfo& info);
Napi::Value js_likeliest_tokens(const Napi::CallbackInfo& info);
Napi::Value js_sort_logits(const Napi::CallbackInfo& info);
Napi::Value js_logits_are_finite(const Napi::CallbackInfo& info);

/** Stops the evaluations in flight; takes nothing. */
Napi::Value js_cancel_evaluation(const Napi::CallbackInfo& info);
