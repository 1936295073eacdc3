#include <cmath>

#include "failure.h"
#include "gguf/gguf_file.h"

// The keys of a GgufFile; gguf_file.cc reads the file.

const GgufFile::Value* GgufFile::find(const std::string& key, Kind kind, const char* wanted) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return nullptr;
  const Value& value = found->second;
  const bool real_from_integer = kind == Kind::kReal && value.kind == Kind::kInteger;
  if (value.kind != kind && !real_from_integer) refuse(format("the key %s is not %s", key.c_str(), wanted));
  return &value;
}

std::optional<std::string> GgufFile::text(const std::string& key) const {
  const Value* value = find(key, Kind::kText, "a text");
  return value == nullptr ? std::nullopt : std::make_optional(value->text);
}

std::optional<bool> GgufFile::flag(const std::string& key) const {
  const Value* value = find(key, Kind::kFlag, "a boolean");
  if (value != nullptr && value->numbers.size() != 1)
    refuse(format("the key %s is not a boolean", key.c_str()));
  return value == nullptr ? std::nullopt : std::make_optional(value->numbers[0] != 0);
}

std::optional<int64_t> GgufFile::integer(const std::string& key) const {
  const Value* value = find(key, Kind::kInteger, "an integer");
  if (value == nullptr) return std::nullopt;
  if (value->numbers.size() != 1)
    refuse(format("the key %s has %zu entries where one is needed", key.c_str(), value->numbers.size()));
  if (std::fabs(value->numbers[0]) > 9e15) refuse(format("the key %s is out of range", key.c_str()));
  return static_cast<int64_t>(value->numbers[0]);
}

std::optional<std::vector<double>> GgufFile::numbers(const std::string& key) const {
  const Value* value = find(key, Kind::kReal, "a list of numbers");
  return value == nullptr ? std::nullopt : std::make_optional(value->numbers);
}
