#pragma once

#include <cstdarg>
#include <cstdio>
#include <stdexcept>
#include <string>

/** What kind of failure this is: arrives in JavaScript as `error.code`, so nobody has to read the text. */
namespace code {
constexpr const char* kInvalidArgument = "INVALID_ARGUMENT";  // the caller's mistake
constexpr const char* kInvalidWeights = "INVALID_WEIGHTS";    // the mmproj file cannot be used
constexpr const char* kNotFound = "NOT_FOUND";                // no such file or device
constexpr const char* kOutOfMemory = "OUT_OF_MEMORY";         // the device or the machine is too small
constexpr const char* kBusy = "BUSY";                         // an encode is already in flight
constexpr const char* kClosed = "CLOSED";                     // the tower or the context is gone
constexpr const char* kCancelled = "CANCELLED";               // somebody asked to stop
constexpr const char* kIncompatible = "INCOMPATIBLE";         // not the engine this addon was built for
constexpr const char* kEngine = "ENGINE";                     // the engine itself failed
}  // namespace code

/** The one exception this addon throws on purpose. */
class Failure : public std::runtime_error {
 public:
  Failure(const char* code, const std::string& message) : std::runtime_error(message), code_(code) {}
  const char* code() const { return code_; }

 private:
  const char* code_;
};

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
inline std::string
format(const char* pattern, ...) {
  va_list args;
  va_start(args, pattern);
  va_list again;
  va_copy(again, args);
  const int length = std::vsnprintf(nullptr, 0, pattern, args);
  va_end(args);
  std::string text(length > 0 ? static_cast<size_t>(length) : 0, '\0');
  if (length > 0) std::vsnprintf(&text[0], text.size() + 1, pattern, again);
  va_end(again);
  return text;
}
