#pragma once

#include <napi.h>

#include "llama.h"

/**
 * The llama_context inside node-llama-cpp's `AddonContext` object (`context._ctx`), borrowed: it belongs to
 * node-llama-cpp and lives as long as nobody disposes of it. Checked against what the object itself says
 * before use. Throws INVALID_ARGUMENT for another object, CLOSED for a disposed context, INCOMPATIBLE when
 * node-llama-cpp's C++ classes are not laid out as in the headers this addon was built with.
 */
llama_context* unwrap_context(const Napi::Value& value);
