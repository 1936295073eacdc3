#include "bridge/log_probabilities.h"

#include <algorithm>
#include <cmath>

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

}  // namespace

std::vector<double> log_probabilities(llama_context* context, int32_t index,
                                      const std::vector<llama_token>& tokens) {
  const int32_t count = g.llama_vocab_n_tokens(g.llama_model_get_vocab(g.llama_get_model(context)));
  for (const llama_token token : tokens) {
    if (token < 0 || token >= count)
      throw Failure(code::kInvalidArgument, format("there is no token %d among %d", token, count));
  }
  const float* logits = g.llama_get_logits_ith(context, index);
  if (logits == nullptr)
    throw Failure(code::kInvalidArgument, format("the last batch has no logits at index %d", index));
  const double total = log_sum_exp(logits, count);
  std::vector<double> result;
  result.reserve(tokens.size());
  for (const llama_token token : tokens) result.push_back(logits[token] - total);
  return result;
}

void sort_logits(llama_context* context) { g.llama_get_logits(context); }
