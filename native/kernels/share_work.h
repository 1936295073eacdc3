#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

/**
 * Does `work(index)` for each index below `count`, together with the other threads that count in `next`. Each takes half
 * of its share of what is left: neighbours, which processors read ahead, and little at the end, where others would wait.
 */
template <class Work>
void share_work(std::atomic<int64_t>& next, int64_t count, int threads, Work work) {
  int64_t first = next.load();
  while (first < count) {
    const int64_t few = std::max<int64_t>(1, (count - first) / (2 * threads));
    if (!next.compare_exchange_weak(first, first + few)) continue;
    for (int64_t index = first; index < first + few; ++index) work(index);
    first = next.load();
  }
}
