#include "bridge/log_probabilities.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "failure.h"
#include "ggml/symbols.h"

namespace {

/** log Σ exp(logit), taken apart at the largest so that nothing overflows. */
double log_sum_exp(const float* logits, int32_t count) {
  const double largest = *std::max_element(logits, logits + count);
  double sum = 0;
  for (int32_t i = 0; i < count; ++i) sum += std::exp(logits[i] - largest);
  return largest + std::log(sum);
}

int32_t vocabulary_size(llama_context* context) {
  return g.llama_vocab_n_tokens(g.llama_model_get_vocab(g.llama_get_model(context)));
}

const float* logits_at(llama_context* context, int32_t index) {
  const float* logits = g.llama_get_logits_ith(context, index);
  if (logits == nullptr)
    throw Failure(code::kInvalidArgument, format("the last batch has no logits at index %d", index));
  return logits;
}

}  // namespace

std::vector<double> log_probabilities(llama_context* context, int32_t index,
                                      const std::vector<llama_token>& tokens) {
  const int32_t count = vocabulary_size(context);
  for (const llama_token token : tokens) {
    if (token < 0 || token >= count)
      throw Failure(code::kInvalidArgument, format("there is no token %d among %d", token, count));
  }
  const float* logits = logits_at(context, index);
  const double total = log_sum_exp(logits, count);
  std::vector<double> result;
  result.reserve(tokens.size());
  for (const llama_token token : tokens) result.push_back(logits[token] - total);
  return result;
}

std::vector<llama_token> likeliest_tokens(llama_context* context, int32_t index, int32_t most) {
  const float* logits = logits_at(context, index);
  std::vector<llama_token> tokens(static_cast<size_t>(vocabulary_size(context)));
  std::iota(tokens.begin(), tokens.end(), 0);
  const auto end = tokens.begin() + std::min<ptrdiff_t>(most, static_cast<ptrdiff_t>(tokens.size()));
  std::partial_sort(tokens.begin(), end, tokens.end(), [logits](llama_token a, llama_token b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  });
  tokens.erase(end, tokens.end());
  return tokens;
}

void sort_logits(llama_context* context) { g.llama_get_logits(context); }

bool logits_are_finite(llama_context* context, const std::vector<int32_t>& indexes) {
  const int32_t count = vocabulary_size(context);
  return std::all_of(indexes.begin(), indexes.end(), [&](int32_t index) {
    const float* logits = logits_at(context, index);
    return std::all_of(logits, logits + count, [](float logit) { return std::isfinite(logit); });
  });
}
