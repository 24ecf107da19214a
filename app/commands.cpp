#include <array>

#include "app/bench_command.hpp"
#include "app/check_command.hpp"
#include "app/command.hpp"
#include "app/compose_command.hpp"
#include "app/fuse_command.hpp"
#include "app/logits_command.hpp"
#include "app/pretrain_command.hpp"
#include "app/prune_command.hpp"
#include "app/run_command.hpp"
#include "app/show_command.hpp"
#include "app/tokenize_command.hpp"
#include "app/train_command.hpp"

namespace edgefuse::app {

std::span<const Command> commands() {
  static constexpr std::array table = {
      Command{"run", "run a scenario and print what came out", run_command},
      Command{"check", "say what a scenario would run, touching nothing", check_command},
      Command{"show", "summarise a result file", show_command},
      Command{"train", "train one adapter offline, PEFT layout in and out", train_command},
      Command{"prune", "prune a model and say what was lost", prune_command},
      Command{"fuse", "fuse adapters into one, PEFT layout in and out", fuse_command},
      Command{"pretrain", "pre-train a small base from scratch", pretrain_command},
      Command{"compose", "build a cross-domain benchmark (MMLU-CD)", compose_command},
      Command{"tokenize", "text to token ids", tokenize_command},
      Command{"logits", "what a model predicts after a list of tokens", logits_command},
      Command{"bench", "how fast this machine is: training, events", bench_command},
  };
  return table;
}

}  // namespace edgefuse::app
