#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

/** How much each column of a matrix matters: the mean of its squared inputs. */
struct ColumnImportance {
  std::string matrix;
  std::vector<float> values;
};

/** A key that the new file has beside those of the old one; a number is stored as u32. Texts are cut at 127 bytes. */
struct AddedKey {
  std::string name;
  std::variant<std::string, int64_t> value;
};

/** A GGUF file of float weights to be written again in another number format. */
struct Quantisation {
  std::string source;
  std::string target;
  int type;     // of llama.cpp's llama_ftype
  int threads;  // at least one
  size_t most_buffer_bytes;
  std::vector<ColumnImportance> importance;
  std::vector<AddedKey> keys;
};

/**
 * Has llama.cpp quantise a file, and returns when it is written. llama.cpp can neither stop nor say how far it is, and does
 * not notice every disk that is full: the caller reads the new file's header. Throws ENGINE; llama.cpp's log says why.
 */
void quantise_file(const Quantisation& wanted);
