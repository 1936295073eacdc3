#include "bridge/quantise_file.h"

#include <algorithm>
#include <cstring>

#include "failure.h"
#include "ggml/symbols.h"

namespace {

template <size_t size>
void copy_text(char (&target)[size], const std::string& text) {
  const size_t length = std::min(text.size(), size - 1);
  std::memcpy(target, text.data(), length);
  target[length] = '\0';
}

llama_model_kv_override override_of(const AddedKey& key) {
  llama_model_kv_override entry{};
  copy_text(entry.key, key.name);
  if (const auto* text = std::get_if<std::string>(&key.value)) {
    entry.tag = LLAMA_KV_OVERRIDE_TYPE_STR;
    copy_text(entry.val_str, *text);
  } else {
    entry.tag = LLAMA_KV_OVERRIDE_TYPE_INT;
    entry.val_i64 = std::get<int64_t>(key.value);
  }
  return entry;
}

}  // namespace

void quantise_file(const Quantisation& wanted) {
  // Both lists end with an empty entry.
  std::vector<llama_model_imatrix_data> importance;
  for (const ColumnImportance& one : wanted.importance)
    importance.push_back({one.matrix.c_str(), one.values.data(), one.values.size()});
  importance.push_back({nullptr, nullptr, 0});
  std::vector<llama_model_kv_override> keys;
  for (const AddedKey& key : wanted.keys) keys.push_back(override_of(key));
  keys.emplace_back();

  llama_model_quantize_params params = g.llama_model_quantize_default_params();
  params.ftype = static_cast<llama_ftype>(wanted.type);
  params.nthread = wanted.threads;
  params.max_buf_size = wanted.most_buffer_bytes;
  if (!wanted.importance.empty()) params.imatrix = importance.data();
  if (!wanted.keys.empty()) params.kv_overrides = keys.data();
  if (g.llama_model_quantize(wanted.source.c_str(), wanted.target.c_str(), &params) != 0)
    throw Failure(code::kEngine, format("llama.cpp cannot quantise %s", wanted.source.c_str()));
}
