// `millrace capabilities`: what each venue of this build can do.

#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "ingest/config/capability_page.h"

namespace millrace::cli {

void add_capabilities(CLI::App& app, Action& action) {
  auto* capabilities = app.add_subcommand("capabilities", "Show what each venue can do, and its limits");
  const auto markdown = std::make_shared<bool>(false);
  capabilities->add_flag("--markdown", *markdown, "As the README has it");
  capabilities->callback([markdown, &action] {
    action = [markdown] {
      const std::string page = *markdown ? ingest::capability_markdown() : ingest::capability_text();
      std::fputs(page.c_str(), stdout);
      return kOk;
    };
  });
}

}  // namespace millrace::cli
