#include "gguf/gguf_file.h"

#include <cmath>
#include <cstring>
#include <filesystem>

#include "failure.h"
#include "ggml/symbols.h"
#include "gguf.h"

namespace {

// Far above any real file, low enough that a hostile header costs neither minutes nor gigabytes.
constexpr uint64_t kMaxHeaderBytes = 256u << 20;
constexpr uint64_t kMaxKeys = 4096;
constexpr uint64_t kMaxTensors = 16384;
constexpr uint64_t kMaxName = 1024;
constexpr uint64_t kMaxText = 1 << 20;
constexpr uint64_t kMaxNumbers = 64;
constexpr int64_t kMaxElements = int64_t{1} << 40;

uint64_t scalar_size(uint32_t type) {
  switch (type) {
    case GGUF_TYPE_UINT8:
    case GGUF_TYPE_INT8:
    case GGUF_TYPE_BOOL: return 1;
    case GGUF_TYPE_UINT16:
    case GGUF_TYPE_INT16: return 2;
    case GGUF_TYPE_UINT32:
    case GGUF_TYPE_INT32:
    case GGUF_TYPE_FLOAT32: return 4;
    case GGUF_TYPE_UINT64:
    case GGUF_TYPE_INT64:
    case GGUF_TYPE_FLOAT64: return 8;
    default: return 0;
  }
}

}  // namespace

GgufFile::GgufFile(const std::string& path) : path_(path) {
  const auto location = std::filesystem::u8path(path);
  std::error_code problem;
  // Not is_regular_file alone: opening a pipe would wait for ever.
  if (!std::filesystem::is_regular_file(location, problem)) {
    throw Failure(code::kNotFound, path + ": no such file");
  }
  size_ = std::filesystem::file_size(location, problem);
  stream_.open(location, std::ios::binary);
  if (problem || !stream_) throw Failure(code::kNotFound, path + ": cannot be read");
  read_header();
}

void GgufFile::refuse(const std::string& reason) const {
  std::string text = path_ + ": " + reason;
  // Names in the file are whatever its author liked: nothing that a terminal would obey may pass.
  for (char& c : text) c = static_cast<unsigned char>(c) < 32 || c == 127 ? '?' : c;
  throw Failure(code::kInvalidWeights, text);
}

void GgufFile::require_header(uint64_t size) const {
  if (size > size_ - position_)
    refuse(format("ends inside its header, at byte %llu", static_cast<unsigned long long>(size_)));
  if (size > kMaxHeaderBytes - position_) refuse("its header is longer than 256 MiB");
}

void GgufFile::take(void* destination, uint64_t size) {
  require_header(size);
  stream_.read(static_cast<char*>(destination), static_cast<std::streamsize>(size));
  if (!stream_) refuse("cannot be read to the end of its header");
  position_ += size;
}

void GgufFile::skip(uint64_t size) {
  require_header(size);
  stream_.ignore(static_cast<std::streamsize>(size));
  position_ += size;
}

template <typename T>
T GgufFile::take() {
  T value;
  take(&value, sizeof value);
  return value;
}

std::string GgufFile::read_text(uint64_t limit, const char* what) {
  const auto length = take<uint64_t>();
  if (length > limit)
    refuse(format("%s of %llu bytes in its header", what, static_cast<unsigned long long>(length)));
  std::string text(static_cast<size_t>(length), '\0');
  if (length > 0) take(&text[0], length);
  return text;
}

void GgufFile::read_header() {
  char magic[4] = {};
  if (size_ < 24)
    refuse(format("is no GGUF file: it has %llu bytes", static_cast<unsigned long long>(size_)));
  take(magic, sizeof magic);
  if (std::memcmp(magic, GGUF_MAGIC, sizeof magic) != 0)
    refuse("is no GGUF file: it does not start with \"GGUF\"");
  const auto version = take<uint32_t>();
  if (version < 2 || version > GGUF_VERSION)
    refuse(format("is GGUF version %u; versions 2 and 3 can be read", version));
  const auto tensors = take<uint64_t>();
  const auto keys = take<uint64_t>();
  if (tensors > kMaxTensors) refuse(format("claims %llu tensors", static_cast<unsigned long long>(tensors)));
  if (keys > kMaxKeys) refuse(format("claims %llu keys", static_cast<unsigned long long>(keys)));
  for (uint64_t i = 0; i < keys; ++i) {
    const std::string key = read_text(kMaxName, "a key");
    if (has(key)) refuse(format("has the key %s twice", key.c_str()));
    read_value(key);
  }
  for (uint64_t i = 0; i < tensors; ++i) read_tensor_info();
  place_tensors();
}

void GgufFile::read_value(const std::string& key) {
  auto type = take<uint32_t>();
  uint64_t count = 1;
  const bool is_array = type == GGUF_TYPE_ARRAY;
  if (is_array) {
    type = take<uint32_t>();
    count = take<uint64_t>();
  }
  Value value;
  if (type == GGUF_TYPE_STRING) {
    if (!is_array) {
      value.kind = Kind::kText;
      value.text = read_text(kMaxText, "a text");
    } else {
      for (uint64_t i = 0; i < count; ++i) skip(take<uint64_t>());
    }
  } else if (scalar_size(type) != 0) {
    value = read_scalars(type, count);
  } else {
    refuse(format("the key %s has the unknown type %u", key.c_str(), type));
  }
  value.is_array = is_array;
  values_[key] = std::move(value);
}

GgufFile::Value GgufFile::read_scalars(uint32_t type, uint64_t count) {
  Value value;
  const uint64_t size = scalar_size(type);
  if (count > kMaxNumbers) {
    if (count > size_ / size)
      refuse(format("claims an array of %llu entries", static_cast<unsigned long long>(count)));
    skip(count * size);
    return value;
  }
  value.kind = type == GGUF_TYPE_BOOL                                   ? Kind::kFlag
               : type == GGUF_TYPE_FLOAT32 || type == GGUF_TYPE_FLOAT64 ? Kind::kReal
                                                                        : Kind::kInteger;
  for (uint64_t i = 0; i < count; ++i) {
    switch (type) {
      case GGUF_TYPE_UINT8: value.numbers.push_back(take<uint8_t>()); break;
      case GGUF_TYPE_BOOL: value.numbers.push_back(take<uint8_t>() != 0 ? 1 : 0); break;
      case GGUF_TYPE_INT8: value.numbers.push_back(take<int8_t>()); break;
      case GGUF_TYPE_UINT16: value.numbers.push_back(take<uint16_t>()); break;
      case GGUF_TYPE_INT16: value.numbers.push_back(take<int16_t>()); break;
      case GGUF_TYPE_UINT32: value.numbers.push_back(take<uint32_t>()); break;
      case GGUF_TYPE_INT32: value.numbers.push_back(take<int32_t>()); break;
      case GGUF_TYPE_UINT64: value.numbers.push_back(static_cast<double>(take<uint64_t>())); break;
      case GGUF_TYPE_INT64: value.numbers.push_back(static_cast<double>(take<int64_t>())); break;
      case GGUF_TYPE_FLOAT32: value.numbers.push_back(take<float>()); break;
      default: value.numbers.push_back(take<double>()); break;
    }
  }
  return value;
}

void GgufFile::read_tensor_info() {
  Tensor tensor{};
  tensor.name = read_text(kMaxName, "a tensor name");
  const char* name = tensor.name.c_str();
  if (tensors_.count(tensor.name) != 0) refuse(format("has the tensor %s twice", name));
  const auto dimensions = take<uint32_t>();
  if (dimensions == 0 || dimensions > 4) refuse(format("the tensor %s has %u dimensions", name, dimensions));
  int64_t elements = 1;
  for (uint32_t i = 0; i < 4; ++i) {
    tensor.ne[i] = i < dimensions ? take<int64_t>() : 1;
    if (tensor.ne[i] < 1 || tensor.ne[i] > kMaxElements / elements) {
      refuse(format("the tensor %s has a dimension of %lld", name, static_cast<long long>(tensor.ne[i])));
    }
    elements *= tensor.ne[i];
  }
  const auto type = take<uint32_t>();
  const int64_t block = type < GGML_TYPE_COUNT ? g.ggml_blck_size(static_cast<ggml_type>(type)) : 0;
  if (block == 0) refuse(format("the tensor %s has the unknown type %u", name, type));
  tensor.type = static_cast<ggml_type>(type);
  if (tensor.ne[0] % block != 0) {
    refuse(format("the tensor %s has rows of %lld, not a multiple of the %lld that %s packs together", name,
                  static_cast<long long>(tensor.ne[0]), static_cast<long long>(block),
                  g.ggml_type_name(tensor.type)));
  }
  tensor.bytes = static_cast<uint64_t>(elements / block) * g.ggml_type_size(tensor.type);
  tensor.offset = take<uint64_t>();
  tensors_[tensor.name] = tensor;
}

void GgufFile::place_tensors() {
  const uint64_t alignment =
      static_cast<uint64_t>(integer("general.alignment").value_or(GGUF_DEFAULT_ALIGNMENT));
  if (alignment == 0 || alignment > (1 << 20) || (alignment & (alignment - 1)) != 0) {
    refuse(format("has an alignment of %llu", static_cast<unsigned long long>(alignment)));
  }
  const uint64_t start = (position_ + alignment - 1) / alignment * alignment;
  for (auto& [name, tensor] : tensors_) {
    if (start > size_ || tensor.offset > size_ - start || tensor.bytes > size_ - start - tensor.offset) {
      refuse(format("is cut short: it has %llu bytes, but the tensor %s ends beyond them",
                    static_cast<unsigned long long>(size_), name.c_str()));
    }
    tensor.offset += start;
  }
}

const GgufFile::Tensor* GgufFile::tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

const GgufFile::Tensor& GgufFile::need(const std::string& name) const {
  const Tensor* found = tensor(name);
  if (found == nullptr) refuse(format("has no tensor %s", name.c_str()));
  return *found;
}

void GgufFile::read(const Tensor& tensor, uint64_t offset, void* destination, size_t size) {
  stream_.clear();
  stream_.seekg(static_cast<std::streamoff>(tensor.offset + offset));
  stream_.read(static_cast<char*>(destination), static_cast<std::streamsize>(size));
  if (!stream_) refuse(format("the tensor %s cannot be read to its end", tensor.name.c_str()));
}

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
