#pragma once

#include <napi.h>

#include "bridge/evaluate_features.h"

/**
 * Evaluates image features off the JavaScript thread; holds the object that owns the context meanwhile.
 * A promise of nothing. Throws what check_batch throws.
 */
Napi::Value start_evaluation(Napi::Env env, Napi::Object owner, llama_context* context, FeatureBatch batch);
