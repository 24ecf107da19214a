#pragma once

#include <cstdint>

#include "llm/adapter.hpp"
#include "llm/model.hpp"
#include "llm/training.hpp"

namespace edgefuse::app {

/// A workload: `clients` adapters, each `steps` optimiser steps of `batch` texts of `sequence` tokens, random ids.
struct TrainingLoad {
  std::int64_t clients = 16;
  std::int64_t steps = 2;
  std::int64_t batch = 4;
  std::int64_t sequence = 128;
  bool answers_only = false;  // one label, at the end of every text, instead of one at every position
  llm::LoraSpec adapter;
  llm::TrainingOptions training;
  std::int64_t gang = 16;
  unsigned threads = 1;
  std::int64_t repeats = 3;
};

/// Medians over the repeats.
struct TrainingSpeed {
  double ms_per_client_step = 0;    // wall time / (clients · steps)
  double tokens_per_s = 0;          // of input, clients · steps · batch · sequence / wall time
  double gemm_gflops_peak = 0;      // of one thread, or of the card: the fastest of the products below, in this run
  double gemm_fraction = 0;         // useful FLOPs of products / wall time / (peak · cores with a gang to train)
  double padding_fraction = 0;      // rows of the products that nothing has to read: 0 while passes are packed
  std::int64_t peak_rss_bytes = 0;  // of the process, so far
};

/// Trains the load on `variant` and takes the time. On a card the peak is measured at 4096³, on a CPU at 1024³ and at
/// the shapes of the model's own projections with 1024 rows, in the precision of the load.
[[nodiscard]] TrainingSpeed measure_training(const llm::Model& variant, const TrainingLoad& load);

}  // namespace edgefuse::app
