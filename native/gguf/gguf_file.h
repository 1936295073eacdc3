#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ggml.h"

/**
 * The header of a GGUF file (versions 2 and 3), read with every length checked against the file, since ggml's
 * own reader takes quadratic time on crowded headers and prints what it finds wrong instead of returning it.
 * Opening throws INVALID_WEIGHTS, or NOT_FOUND when there is no such file. Messages start with the path.
 */
class GgufFile {
 public:
  struct Tensor {
    std::string name;
    ggml_type type;
    std::array<int64_t, 4> ne;  // as in ggml: ne[0] is the contiguous dimension; unused ones are 1
    uint64_t offset;            // from the start of the file, in bytes
    uint64_t bytes;             // the whole of it lies inside the file
    int64_t elements() const { return ne[0] * ne[1] * ne[2] * ne[3]; }
  };

  explicit GgufFile(const std::string& path);

  const std::string& path() const { return path_; }
  bool has(const std::string& key) const { return values_.count(key) != 0; }
  std::optional<std::string> text(const std::string& key) const;
  std::optional<bool> flag(const std::string& key) const;
  /** Any of the integer types; an array with exactly one entry counts as that entry. */
  std::optional<int64_t> integer(const std::string& key) const;
  /** Numbers of an array of at most 64 entries, or one scalar. */
  std::optional<std::vector<double>> numbers(const std::string& key) const;
  /** nullptr when there is none. */
  const Tensor* tensor(const std::string& name) const;
  /** Refuses the file when there is none. */
  const Tensor& need(const std::string& name) const;
  /** Reads a part of the data of a tensor of this file: `size` bytes from `offset` within the tensor. */
  void read(const Tensor& tensor, uint64_t offset, void* destination, size_t size);

  /** A Failure with code INVALID_WEIGHTS whose message starts with the path. */
  [[noreturn]] void refuse(const std::string& reason) const;

 private:
  enum class Kind { kText, kFlag, kInteger, kReal, kOther };
  struct Value {
    Kind kind = Kind::kOther;
    bool is_array = false;
    std::string text;             // kText
    std::vector<double> numbers;  // kFlag, kInteger, kReal; up to 2^53 exact, enough for every size here
  };

  void read_header();
  void read_value(const std::string& key);
  Value read_scalars(uint32_t type, uint64_t count);
  void read_tensor_info();
  void place_tensors();
  std::string read_text(uint64_t limit, const char* what);
  void require_header(uint64_t size) const;
  void take(void* destination, uint64_t size);
  void skip(uint64_t size);
  template <typename T>
  T take();
  const Value* find(const std::string& key, Kind kind, const char* wanted) const;

  std::string path_;
  std::ifstream stream_;
  uint64_t size_ = 0;      // of the file
  uint64_t position_ = 0;  // of the next byte of the header
  std::map<std::string, Value> values_;
  std::map<std::string, Tensor> tensors_;
};
