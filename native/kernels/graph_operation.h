#pragma once

/** An operation of a graph that is computed here. All of the graph's threads do it together, each calling once. */
class GraphOperation {
 public:
  GraphOperation() = default;
  virtual ~GraphOperation() = default;
  GraphOperation(const GraphOperation&) = delete;
  GraphOperation& operator=(const GraphOperation&) = delete;

  /** This thread's part. @return false when it had no memory: what was computed is to be thrown away */
  virtual bool compute(int thread, int threads) noexcept = 0;
};
