#pragma once

#include <napi.h>

#include <cmath>
#include <string>

#include "failure.h"

/** Values from JavaScript, or INVALID_ARGUMENT saying what was expected. */
namespace arguments {

constexpr int kMaxThreads = 512;

inline std::string text(const Napi::Value& value, const char* name) {
  if (!value.IsString()) throw Failure(code::kInvalidArgument, format("Expected a string for %s", name));
  return value.As<Napi::String>().Utf8Value();
}

inline Napi::Object object(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) throw Failure(code::kInvalidArgument, format("Expected an object for %s", name));
  return value.As<Napi::Object>();
}

inline int integer(const Napi::Value& value, const char* name, int least, int most) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (!(number >= least && number <= most) || number != std::floor(number)) {
    throw Failure(code::kInvalidArgument,
                  format("Expected an integer from %d to %d for %s", least, most, name));
  }
  return static_cast<int>(number);
}

template <typename Array>
Array typed_array(const Napi::Value& value, const char* name, napi_typedarray_type type,
                  const char* type_name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    throw Failure(code::kInvalidArgument, format("Expected a %s for %s", type_name, name));
  }
  return value.As<Array>();
}

}  // namespace arguments
