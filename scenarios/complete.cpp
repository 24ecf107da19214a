#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "scenarios/reader.hpp"

namespace edgefuse::scenarios {
namespace {

constexpr std::int64_t most_cells = 60'000;

std::int64_t mmlu_domains(std::string_view level) {
  return level == "subject" ? 57 : level == "subcategory" ? 17 : 4;
}

class Checks {
 public:
  Checks(Scenario& scenario, std::vector<Mistake>& mistakes) : s_{scenario}, mistakes_{mistakes} {}

  void groups() {
    const auto& groups = s_.fleet.groups;
    if (is_broken("fleet.group")) return;
    if (groups.empty()) return complain("fleet.group", "there is none", "write at least one [[fleet.group]]");
    std::size_t shares = 0;
    std::size_t counts = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const auto item = item_path("fleet.group", i);
      if (groups[i].share && groups[i].count) complain(item, "has both share and count", "leave one out");
      if (!groups[i].share && !groups[i].count) {
        complain(item, "has neither share nor count", "give it one");
      }
      shares += groups[i].share.has_value();
      counts += groups[i].count.has_value();
    }
    if (shares == groups.size() && counts == 0) return add_up_shares();
    if (counts == groups.size() && shares == 0) return add_up_counts();
    if (shares + counts == groups.size() && shares > 0 && counts > 0) {
      complain("fleet.group", "some groups have a share, some a count", "give all groups the same of the two");
    }
  }

  void training() {
    if (s_.training.epochs && s_.training.steps) {
      complain("training.steps", "epochs are given too", "leave one of them out");
    }
    if (!s_.training.epochs && !s_.training.steps) s_.training.epochs = 1;
    if (s_.training.momentum > 0 && s_.training.optimiser != Optimiser::sgd) {
      complain("training.momentum", "is SGD's, and the optimiser is AdamW",
               "leave it out, or write optimiser = \"sgd\"");
    }
  }

  void rounds() {
    if (!was_written("protocol.clients_per_round")) s_.protocol.clients_per_round = s_.fleet.clients;
    if (s_.protocol.clients_per_round > s_.fleet.clients && !is_broken("fleet") && !is_broken("protocol")) {
      complain("protocol.clients_per_round",
               fmt::format("{} are more than the fleet's {}", s_.protocol.clients_per_round, s_.fleet.clients),
               "pick fewer, or raise fleet.clients");
    }
  }

  void protocol() {
    if (is_broken("protocol") || is_broken("fleet")) return;
    const auto clients = static_cast<double>(s_.protocol.clients_per_round);
    const auto at_most = [&](const char* parameter, double most, const char* what) {
      const auto* value = setting(parameter);
      if (value != nullptr && *value > most) {
        complain("protocol.settings", fmt::format("{} = {} is more than {}, {}", parameter, *value, what, most),
                 fmt::format("lower {}, or raise protocol.clients_per_round", parameter));
      }
    };
    at_most("quorum", clients, "protocol.clients_per_round");
    if (s_.protocol.kind == "buffered") {
      at_most("buffer", clients, "protocol.clients_per_round");
      if (setting("buffer") == nullptr) s_.protocol.settings["buffer"] = std::min(10.0, clients);
    }
    if (const auto* more = setting("over_selection")) {
      const auto invited = std::ceil(clients * (1 + *more) * (1 - 1e-12));
      if (invited > static_cast<double>(s_.fleet.clients)) {
        complain(
            "protocol.settings",
            fmt::format("over_selection = {} invites {} clients of a fleet of {}", *more, invited, s_.fleet.clients),
            "lower it or protocol.clients_per_round");
      }
    }
    const bool asynchronous = s_.protocol.kind == "buffered" || s_.protocol.kind == "asynchronous";
    if (asynchronous && s_.selection.method == "poisson") {
      complain(
          "selection.method",
          fmt::format("\"poisson\" draws how many take part, and protocol \"{}\" fills every place", s_.protocol.kind),
          "choose uniform, or a protocol with rounds");
    }
    if (s_.protocol.kind == "hierarchical" && s_.network.cells.empty()) {
      complain("protocol.kind", "\"hierarchical\" needs aggregators, and there is no cell for them",
               "add a [[network.cell]]");
    }
  }

  void fixed_ratio() {
    if (s_.pruning.policy != "fixed" || is_broken("pruning")) return;
    const auto found = s_.pruning.policy_settings.find("ratio");
    const auto* written = found == s_.pruning.policy_settings.end() ? nullptr : std::get_if<double>(&found->second);
    const double ratio = written == nullptr ? 0 : *written;
    if (std::ranges::find(s_.pruning.ratios, ratio) == s_.pruning.ratios.end()) {
      complain("pruning.policy_settings", fmt::format("ratio {} is not among pruning.ratios", ratio),
               "offer it, or fix another");
    }
  }

  void ranks() {
    auto& adapter = s_.adapter;
    if (!adapter.ranks || is_broken("adapter")) return;
    if (!was_written("adapter.rank")) {
      adapter.rank = adapter.ranks->back();
    } else if (std::ranges::find(*adapter.ranks, adapter.rank) == adapter.ranks->end()) {
      complain("adapter.rank", fmt::format("{} is not among adapter.ranks", adapter.rank),
               "offer it, or leave rank out");
    }
  }

  void cells() {
    if (is_broken("network.cell") || s_.network.cells.empty()) return;
    double sum = 0;
    std::int64_t number = 0;
    for (const auto& cell : s_.network.cells) {
      sum += cell.share;
      number += cell.number;
    }
    if (std::abs(sum - 1) > 1e-6) {
      complain("network.cell", fmt::format("the shares add up to {:.6g}", sum), "make them add up to 1");
    }
    if (number > most_cells) {
      complain("network.cell", fmt::format("there are {} cells", number), fmt::format("make at most {}", most_cells));
    }
  }

  void availability() {
    for (std::size_t i = 0; i < s_.fleet.groups.size(); ++i) {
      const auto& group = s_.fleet.groups[i];
      if (!group.availability && !group.availability_settings.empty()) {
        complain(full_key(item_path("fleet.group", i), "availability_settings"), "no model is named for them",
                 "name one in availability, or write them in fleet.availability_settings");
      }
    }
    if (s_.battery.plugged_from == s_.battery.plugged_to && s_.battery.power == Power::nightly) {
      complain("battery.plugged_to", "is plugged_from: that is no time at all", "give it another hour");
    }
  }

  void arms() {
    auto& fusion = s_.fusion;
    if (fusion.arms.empty()) fusion.arms.emplace_back();
    std::set<std::string> names;
    for (std::size_t i = 0; i < fusion.arms.size(); ++i) {
      const auto& name = fusion.arms[i].name;
      const auto key = full_key(item_path("fusion.arm", i), "name");
      if (!names.insert(name).second) complain(key, fmt::format("another arm is named \"{}\"", name), "rename one");
      if (name == "base") complain(key, "the untouched base has this name in the results", "rename the arm");
    }
    if (fusion.primary.empty()) fusion.primary = fusion.arms.front().name;
    if (!names.contains(fusion.primary)) {
      const auto near = nearest(fusion.primary, std::vector<std::string_view>{names.begin(), names.end()});
      complain("fusion.primary", fmt::format("no arm is named \"{}\"", fusion.primary),
               near.empty() ? "name one of [[fusion.arm]]" : fmt::format("did you mean \"{}\"?", near));
    }
  }

  void data() {
    const auto& data = s_.data;
    if (is_broken("data.source")) return;
    const bool needs_paths = data.source == "mmlu" || data.source == "instructions" || data.source == "text";
    if (needs_paths && data.paths.empty() && !is_broken("data.paths")) {
      complain("data.paths", fmt::format("source \"{}\" reads files, and none is named", data.source),
               "name a file or folder");
    }
    if (!needs_paths && !data.paths.empty()) {
      complain("data.paths", fmt::format("source \"{}\" reads no files", data.source),
               "leave paths out, or choose another data.source");
    }
    if (data.source == "none" && s_.fidelity == Fidelity::learning) {
      complain("data.source", "nothing can be learned from \"none\"", "write fidelity = \"timing\" or choose data");
    }
    if (data.source == "none" && !data.examples_per_client) {
      complain("data.examples_per_client", "is missing", "under source \"none\" it says what each client trains on");
    }
  }

  void evaluation() {
    const auto& e = s_.evaluation;
    if (is_broken("data")) return;
    const bool asks = s_.data.source == "atlas" || s_.data.source == "mmlu";
    const auto no_questions = fmt::format("source \"{}\" has no questions", s_.data.source);
    if (!asks && e.questions > 0) complain("evaluation.questions", no_questions, "set it to 0");
    if (!asks && e.composites > 0) complain("evaluation.composites", no_questions, "set it to 0");
    if (e.held_out_loss && s_.data.source == "none") {
      complain("evaluation.held_out_loss", "source \"none\" has no examples", "set it to false");
    } else if (e.held_out_loss && s_.data.source == "atlas") {
      complain("evaluation.held_out_loss",
               "source \"atlas\" repeats its facts, so an example held out is a shuffled one that was trained on",
               "set it to false, and evaluation.questions above 0: they ask the facts in words nobody trains on");
    } else if (e.held_out_loss && s_.data.held_out == 0) {
      complain("evaluation.held_out_loss", "data.held_out holds nothing out", "raise data.held_out");
    }
    const auto domains = s_.data.source == "atlas" ? s_.data.atlas.domains : mmlu_domains(s_.data.level);
    if (e.composites > 0 && e.composite_size > domains) {
      complain("evaluation.composite_size",
               fmt::format("{} questions need as many domains, and there are {}", e.composite_size, domains),
               "ask fewer at once");
    }
    if (e.every > s_.protocol.rounds) {
      complain("evaluation.every", fmt::format("the run has {} rounds only", s_.protocol.rounds),
               "write 0 to evaluate after the last");
    }
  }

  void output() {
    if (s_.output.file.empty() && !s_.name.empty()) s_.output.file = fmt::format("results/runs/{}.h5", s_.name);
  }

 private:
  void complain(std::string key, std::string problem, std::string remedy) {
    mistakes_.push_back(s_.source.mistake(std::move(key), std::move(problem), std::move(remedy)));
  }

  const double* setting(const char* parameter) const {
    const auto found = s_.protocol.settings.find(parameter);
    return found == s_.protocol.settings.end() ? nullptr : std::get_if<double>(&found->second);
  }

  bool was_written(std::string_view key) const { return s_.source.keys.contains(key); }

  /// Whether something at or below `key` was complained of already: no second complaint about its consequences.
  bool is_broken(std::string_view key) const {
    return std::any_of(mistakes_.begin(), mistakes_.end(), [&](const auto& mistake) {
      const std::string_view other = mistake.key;
      return other.starts_with(key) &&
             (other.size() == key.size() || other[key.size()] == '.' || other[key.size()] == '[');
    });
  }

  void add_up_shares() {
    if (is_broken("fleet.clients")) return;
    if (!was_written("fleet.clients")) {
      return complain("fleet.clients", "is missing", "shares need a whole to be shares of");
    }
    double sum = 0;
    for (const auto& group : s_.fleet.groups)
      sum += *group.share;
    if (std::abs(sum - 1) > 1e-6) {
      complain("fleet.group", fmt::format("the shares add up to {:.6g}", sum), "make them add up to 1");
    }
  }

  void add_up_counts() {
    if (is_broken("fleet.clients")) return;
    std::int64_t sum = 0;
    for (const auto& group : s_.fleet.groups)
      sum += *group.count;
    if (was_written("fleet.clients") && s_.fleet.clients != sum) {
      complain("fleet.clients", fmt::format("the groups' counts add up to {}", sum),
               fmt::format("write {}, or leave it out", sum));
    }
    s_.fleet.clients = sum;
  }

  Scenario& s_;
  std::vector<Mistake>& mistakes_;
};

}  // namespace

void complete(Scenario& scenario, std::vector<Mistake>& mistakes) {
  Checks checks{scenario, mistakes};
  checks.groups();
  checks.training();
  checks.rounds();
  checks.fixed_ratio();
  checks.ranks();
  checks.cells();
  checks.availability();
  checks.protocol();
  checks.arms();
  checks.data();
  checks.evaluation();
  checks.output();
}

}  // namespace edgefuse::scenarios
