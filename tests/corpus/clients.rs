//! Clients of real SDKs, as people call them in Go, Java, C#, Ruby and PHP, and what looks like a key in the same places.

/// The language, whose key, and a place as in `programs.rs`.
pub type Call = (&'static str, &'static str, &'static str);

/// Keys that a client takes.
pub const CLIENTS: &[Call] = &[
    (
        "go",
        "openai",
        "import openai \"github.com/sashabaranov/go-openai\"\n---\n\tclient := openai.NewClient(\"{key}\")\n",
    ),
    (
        "go",
        "openai",
        "import (\n\t\"context\"\n\n\topenai \"github.com/sashabaranov/go-openai\"\n)\n---\n\tclient := openai.NewClient(\"{key}\")\n",
    ),
    (
        "go",
        "azure-openai",
        "import (\n\t\"context\"\n\n\topenai \"github.com/sashabaranov/go-openai\"\n)\n---\n\tconfig := openai.DefaultAzureConfig(\"{key}\", \"https://demo.openai.azure.com\")\n",
    ),
    (
        "go",
        "azure-openai",
        "import (\n\t\"github.com/Azure/azure-sdk-for-go/sdk/ai/azopenai\"\n\t\"github.com/Azure/azure-sdk-for-go/sdk/azcore\"\n)\n---\n\tcredential := azcore.NewKeyCredential(\"{key}\")\n\tclient, _ := azopenai.NewClientWithKeyCredential(\"https://demo.openai.azure.com\", credential, nil)\n",
    ),
    (
        "go",
        "mistral",
        "import (\n\t\"github.com/sashabaranov/go-openai\"\n)\n---\n\tconfig := openai.DefaultConfig(\"{key}\")\n\tconfig.BaseURL = \"https://api.mistral.ai/v1\"\n",
    ),
    (
        "go",
        "mistral",
        "import (\n\t\"github.com/tmc/langchaingo/llms\"\n\t\"github.com/tmc/langchaingo/llms/mistral\"\n)\n---\n\tllm, err := mistral.New(mistral.WithAPIKey(\"{key}\"), mistral.WithModel(\"open-mistral-7b\"))\n",
    ),
    (
        "go",
        "mistral",
        "import \"github.com/gage-technologies/mistral-go\"\n---\n\tclient := mistral.NewMistralClientDefault(\"{key}\")\n",
    ),
    (
        "go",
        "cohere",
        "import (\n\tcohere \"github.com/cohere-ai/cohere-go/v2\"\n\tclient \"github.com/cohere-ai/cohere-go/v2/client\"\n)\n---\n\tco := client.NewClient(client.WithToken(\"{key}\"))\n",
    ),
    (
        "go",
        "cohere",
        "import (\n\tcohereclient \"github.com/cohere-ai/cohere-go/v2/client\"\n)\n---\n\tco := cohereclient.NewClient(cohereclient.WithToken(\"{key}\"))\n",
    ),
    (
        "go",
        "anthropic",
        "import (\n\t\"github.com/anthropics/anthropic-sdk-go\"\n\t\"github.com/anthropics/anthropic-sdk-go/option\"\n)\n---\n\tclient := anthropic.NewClient(option.WithAPIKey(\"{key}\"))\n",
    ),
    (
        "go",
        "google-gemini",
        "import \"google.golang.org/genai\"\n---\n\tclient, err := genai.NewClient(ctx, &genai.ClientConfig{APIKey: \"{key}\", Backend: genai.BackendGeminiAPI})\n",
    ),
    (
        "go",
        "assemblyai",
        "import (\n\taai \"github.com/AssemblyAI/assemblyai-go-sdk\"\n)\n---\n\tclient := aai.NewClient(\"{key}\")\n",
    ),
    (
        "go",
        "deepgram",
        "import (\n\tclient \"github.com/deepgram/deepgram-go-sdk/pkg/client/listen\"\n)\n---\n\tc := client.NewREST(\"{key}\", &interfaces.ClientOptions{})\n",
    ),
    (
        "go",
        "pinecone",
        "import \"github.com/pinecone-io/go-pinecone/v3/pinecone\"\n---\n\tpc, err := pinecone.NewClient(pinecone.NewClientParams{ApiKey: \"{key}\"})\n",
    ),
    (
        "go",
        "qdrant",
        "import \"github.com/qdrant/go-client/qdrant\"\n---\n\tclient, err := qdrant.NewClient(&qdrant.Config{\n\t\tHost:   \"demo.cloud.qdrant.io\",\n\t\tAPIKey: \"{key}\",\n\t\tUseTLS: true,\n\t})\n",
    ),
    (
        "go",
        "cohere",
        "import (\n\t\"github.com/tmc/langchaingo/llms/cohere\"\n)\n---\n\tllm, err := cohere.New(cohere.WithToken(\"{key}\"))\n",
    ),
    (
        "java",
        "mistral",
        "import dev.langchain4j.model.mistralai.MistralAiChatModel;\n---\n        var model = MistralAiChatModel.builder()\n            .apiKey(\"{key}\")\n            .modelName(\"mistral-small-latest\")\n            .build();\n",
    ),
    (
        "java",
        "mistral",
        "import dev.langchain4j.model.openai.OpenAiChatModel;\n---\n        var model = OpenAiChatModel.builder().baseUrl(\"https://api.mistral.ai/v1\").apiKey(\"{key}\").build();\n",
    ),
    (
        "java",
        "mistral",
        "import org.springframework.ai.mistralai.api.MistralAiApi;\n---\n        var api = new MistralAiApi(\"{key}\");\n",
    ),
    (
        "java",
        "openai",
        "import com.openai.client.okhttp.OpenAIOkHttpClient;\n---\n        var client = OpenAIOkHttpClient.builder().apiKey(\"{key}\").build();\n",
    ),
    (
        "java",
        "openai",
        "import com.theokanning.openai.service.OpenAiService;\n---\n        OpenAiService service = new OpenAiService(\"{key}\");\n",
    ),
    (
        "java",
        "azure-openai",
        "import com.azure.ai.openai.OpenAIClientBuilder;\nimport com.azure.core.credential.AzureKeyCredential;\n---\n        var client = new OpenAIClientBuilder()\n            .credential(new AzureKeyCredential(\"{key}\"))\n            .endpoint(\"https://demo.openai.azure.com/\")\n            .buildClient();\n",
    ),
    (
        "java",
        "azure-openai",
        "import dev.langchain4j.model.azure.AzureOpenAiChatModel;\n---\n        var model = AzureOpenAiChatModel.builder().apiKey(\"{key}\").endpoint(\"https://demo.openai.azure.com\").build();\n",
    ),
    (
        "java",
        "azure-ai-search",
        "import com.azure.core.credential.AzureKeyCredential;\nimport com.azure.search.documents.SearchClientBuilder;\n---\n        var client = new SearchClientBuilder().endpoint(\"https://demo.search.windows.net\").credential(new AzureKeyCredential(\"{key}\")).buildClient();\n",
    ),
    (
        "java",
        "cohere",
        "import com.cohere.api.Cohere;\n---\n        Cohere cohere = Cohere.builder().token(\"{key}\").clientName(\"app\").build();\n",
    ),
    (
        "java",
        "cohere",
        "import dev.langchain4j.model.cohere.CohereScoringModel;\n---\n        var model = CohereScoringModel.builder().apiKey(\"{key}\").build();\n",
    ),
    (
        "java",
        "assemblyai",
        "import com.assemblyai.api.AssemblyAI;\n---\n        AssemblyAI client = AssemblyAI.builder().apiKey(\"{key}\").build();\n",
    ),
    (
        "java",
        "pinecone",
        "import io.pinecone.clients.Pinecone;\n---\n        Pinecone pc = new Pinecone.Builder(\"{key}\").build();\n",
    ),
    (
        "java",
        "deepl",
        "import com.deepl.api.Translator;\n---\n        Translator translator = new Translator(\"{key}\");\n",
    ),
    (
        "java",
        "google-gemini",
        "import com.google.genai.Client;\n---\n        Client client = Client.builder().apiKey(\"{key}\").build();\n",
    ),
    (
        "cs",
        "openai",
        "using OpenAI.Chat;\n---\n        ChatClient client = new(model: \"gpt-4o\", apiKey: \"{key}\");\n",
    ),
    ("cs", "openai", "using OpenAI.Chat;\n---\n        var client = new ChatClient(\"gpt-4o\", \"{key}\");\n"),
    (
        "cs",
        "openai",
        "using OpenAI;\n---\n        var client = new OpenAIClient(new OpenAIAuthentication(\"{key}\"));\n",
    ),
    (
        "cs",
        "openai",
        "using Betalgo.Ranul.OpenAI;\n---\n        var service = new OpenAIService(new OpenAIOptions { ApiKey = \"{key}\" });\n",
    ),
    (
        "cs",
        "azure-openai",
        "using Azure;\nusing Azure.AI.OpenAI;\n---\n        var client = new AzureOpenAIClient(new Uri(\"https://demo.openai.azure.com\"), new AzureKeyCredential(\"{key}\"));\n",
    ),
    (
        "cs",
        "azure-openai",
        "using System.ClientModel;\nusing Azure.AI.OpenAI;\n---\n        var client = new AzureOpenAIClient(new Uri(\"https://demo.openai.azure.com\"), new ApiKeyCredential(\"{key}\"));\n",
    ),
    (
        "cs",
        "azure-openai",
        "using Azure;\nusing Azure.AI.OpenAI;\n---\n        string key = \"{key}\";\n        var client = new AzureOpenAIClient(new Uri(\"https://demo.openai.azure.com\"), new AzureKeyCredential(key));\n",
    ),
    (
        "cs",
        "azure-openai",
        "using Microsoft.SemanticKernel;\n---\n        var builder = Kernel.CreateBuilder();\n        builder.AddAzureOpenAIChatCompletion(\"gpt-4o\", \"https://demo.openai.azure.com\", \"{key}\");\n",
    ),
    (
        "cs",
        "azure-openai",
        "using Microsoft.SemanticKernel;\n---\n        var builder = Kernel.CreateBuilder();\n        builder.AddAzureOpenAIChatCompletion(deploymentName: \"gpt-4o\", endpoint: \"https://demo.openai.azure.com\", apiKey: \"{key}\");\n",
    ),
    (
        "cs",
        "openai",
        "using Microsoft.SemanticKernel;\n---\n        var kernel = Kernel.CreateBuilder().AddOpenAIChatCompletion(\"gpt-4o\", \"{key}\").Build();\n",
    ),
    (
        "cs",
        "mistral",
        "using Microsoft.SemanticKernel;\n---\n        builder.AddMistralChatCompletion(\"mistral-small\", \"{key}\");\n",
    ),
    ("cs", "mistral", "using Mistral.SDK;\n---\n        var client = new MistralClient(\"{key}\");\n"),
    (
        "cs",
        "mistral",
        "using OpenAI;\nusing System.ClientModel;\n---\n        var client = new OpenAIClient(new ApiKeyCredential(\"{key}\"), new OpenAIClientOptions { Endpoint = new Uri(\"https://api.mistral.ai/v1\") });\n",
    ),
    ("cs", "anthropic", "using Anthropic.SDK;\n---\n        var client = new AnthropicClient(\"{key}\");\n"),
    ("cs", "assemblyai", "using AssemblyAI;\n---\n        var client = new AssemblyAIClient(\"{key}\");\n"),
    ("cs", "deepl", "using DeepL;\n---\n        var translator = new Translator(\"{key}\");\n"),
    (
        "cs",
        "azure-ai-search",
        "using Azure;\nusing Azure.Search.Documents;\n---\n        var client = new SearchClient(new Uri(\"https://demo.search.windows.net\"), \"index\", new AzureKeyCredential(\"{key}\"));\n",
    ),
    ("ruby", "openai", "require \"openai\"\n---\nclient = OpenAI::Client.new(access_token: \"{key}\")\n"),
    (
        "ruby",
        "openai",
        "require \"openai\"\n---\nOpenAI.configure do |config|\n  config.access_token = \"{key}\"\nend\n",
    ),
    (
        "ruby",
        "mistral",
        "require \"openai\"\n---\nclient = OpenAI::Client.new(access_token: \"{key}\", uri_base: \"https://api.mistral.ai/v1\")\n",
    ),
    ("ruby", "mistral", "require \"langchain\"\n---\nllm = Langchain::LLM::MistralAI.new(api_key: \"{key}\")\n"),
    (
        "ruby",
        "mistral",
        "require \"ruby_llm\"\n---\nRubyLLM.configure do |config|\n  config.mistral_api_key = \"{key}\"\nend\n",
    ),
    ("ruby", "cohere", "require \"cohere\"\n---\nclient = Cohere::Client.new(api_key: \"{key}\")\n"),
    ("ruby", "anthropic", "require \"anthropic\"\n---\nclient = Anthropic::Client.new(api_key: \"{key}\")\n"),
    (
        "ruby",
        "azure-openai",
        "require \"openai\"\n---\nclient = OpenAI::Client.new(access_token: \"{key}\", uri_base: \"https://demo.openai.azure.com/openai/deployments/a\", api_type: :azure)\n",
    ),
    (
        "ruby",
        "pinecone",
        "require \"pinecone\"\n---\nPinecone.configure do |config|\n  config.api_key = \"{key}\"\nend\n",
    ),
    (
        "ruby",
        "qdrant",
        "require \"qdrant\"\n---\nclient = Qdrant::Client.new(url: \"https://demo.cloud.qdrant.io\", api_key: \"{key}\")\n",
    ),
    ("ruby", "deepl", "require \"deepl\"\n---\nDeepL.configure do |config|\n  config.auth_key = \"{key}\"\nend\n"),
    (
        "ruby",
        "google-gemini",
        "require \"gemini-ai\"\n---\nclient = Gemini.new(credentials: { service: \"generative-language-api\", api_key: \"{key}\" })\n",
    ),
    ("php", "openai", "$client = OpenAI::client('{key}');\n"),
    ("php", "openai", "$yourApiKey = '{key}';\n$client = OpenAI::client($yourApiKey);\n"),
    ("php", "openai", "$client = OpenAI::factory()->withApiKey('{key}')->withOrganization('org')->make();\n"),
    (
        "php",
        "mistral",
        "$client = OpenAI::factory()->withApiKey('{key}')->withBaseUri('https://api.mistral.ai/v1')->make();\n",
    ),
    ("php", "mistral", "use Partitech\\PhpMistral\\MistralClient;\n---\n$client = new MistralClient('{key}');\n"),
    (
        "php",
        "mistral",
        "use Symfony\\AI\\Platform\\Bridge\\Mistral\\PlatformFactory;\n---\n$platform = PlatformFactory::create('{key}');\n",
    ),
    (
        "php",
        "azure-openai",
        "$client = OpenAI::factory()\n    ->withBaseUri('demo.openai.azure.com/openai/deployments/a')\n    ->withHttpHeader('api-key', '{key}')\n    ->make();\n",
    ),
    ("php", "anthropic", "$client = Anthropic::client('{key}');\n"),
    ("php", "openai", "use LLPhant\\OpenAIConfig;\n---\n$config = new OpenAIConfig();\n$config->apiKey = '{key}';\n"),
    (
        "php",
        "mistral",
        "use LLPhant\\MistralAIConfig;\n---\n$config = new MistralAIConfig();\n$config->apiKey = '{key}';\n",
    ),
    ("php", "google-gemini", "$client = Gemini::client('{key}');\n"),
    ("php", "deepl", "use DeepL\\Translator;\n---\n$translator = new Translator('{key}');\n"),
    ("php", "deepl", "$translator = new \\DeepL\\DeepLClient('{key}');\n"),
    ("php", "deepseek", "use DeepSeek\\DeepSeekClient;\n---\n$client = DeepSeekClient::build('{key}');\n"),
    (
        "php",
        "cohere",
        "use Symfony\\Component\\HttpClient\\HttpClient;\n---\n$client = HttpClient::create(['base_uri' => 'https://api.cohere.com', 'auth_bearer' => '{key}']);\n",
    ),
    ("bash", "mistral", "llm keys set mistral --value \"{key}\"\n"),
    ("bash", "cohere", "curl https://api.cohere.com/v2/chat --oauth2-bearer \"{key}\"\n"),
    ("bash", "azure-openai", "az functionapp config appsettings set --settings AZURE_OPENAI_API_KEY={key} MODE=dev\n"),
];

/// Texts that are no keys, where keys stand: `{value}` is the text.
pub const BESIDE: &[(&str, &str)] = &[
    ("go", "\tbuild := getEnv(\"BUILD_ID\", \"{value}\")\n"),
    (
        "go",
        "\treq, _ := http.NewRequest(\"GET\", \"https://api.mistral.ai/v1/items\", nil)\n\treq.Header.Set(\"X-Request-Id\", \"{value}\")\n",
    ),
    (
        "go",
        "import (\n\topenai \"github.com/sashabaranov/go-openai\"\n)\n---\n\trequest := openai.ChatCompletionRequest{Model: \"{value}\", User: \"{value}\"}\n",
    ),
    ("go", "\tassistant, err := client.RetrieveAssistant(ctx, \"{value}\")\n"),
    ("java", "        var release = System.getenv().getOrDefault(\"RELEASE\", \"{value}\");\n"),
    (
        "java",
        "        var request = HttpRequest.newBuilder(URI.create(\"https://api.mistral.ai/v1\")).header(\"If-None-Match\", \"{value}\").build();\n",
    ),
    (
        "java",
        "import dev.langchain4j.model.openai.OpenAiChatModel;\n---\n        var model = OpenAiChatModel.builder().apiKey(System.getenv(\"OPENAI_API_KEY\")).modelName(\"{value}\").build();\n",
    ),
    ("java", "        var file = client.files().retrieve(\"{value}\");\n"),
    ("cs", "        var release = Environment.GetEnvironmentVariable(\"RELEASE\") ?? \"{value}\";\n"),
    (
        "cs",
        "        client.BaseAddress = new Uri(\"https://api.mistral.ai/\");\n        client.DefaultRequestHeaders.Add(\"X-Correlation-Id\", \"{value}\");\n",
    ),
    (
        "cs",
        "using Microsoft.SemanticKernel;\n---\n        builder.AddOpenAIChatCompletion(\"{value}\", Environment.GetEnvironmentVariable(\"OPENAI_API_KEY\")!);\n",
    ),
    ("cs", "        var thread = await client.GetThreadAsync(\"{value}\");\n"),
    ("ruby", "release = ENV.fetch(\"RELEASE\", \"{value}\")\n"),
    ("ruby", "HTTParty.get(\"https://api.mistral.ai/v1\", headers: { \"X-Trace\" => \"{value}\" })\n"),
    (
        "ruby",
        "require \"openai\"\n---\nclient = OpenAI::Client.new(access_token: ENV.fetch(\"OPENAI_API_KEY\"), organization_id: \"{value}\")\n",
    ),
    ("ruby", "client.files.retrieve(id: \"{value}\")\n"),
    ("php", "$release = getenv('RELEASE') ?: '{value}';\n"),
    (
        "php",
        "curl_setopt($ch, CURLOPT_URL, 'https://api.mistral.ai/v1');\ncurl_setopt($ch, CURLOPT_HTTPHEADER, ['X-Request-Id: {value}']);\n",
    ),
    ("php", "$client = OpenAI::factory()->withApiKey(getenv('OPENAI_API_KEY'))->withProject('{value}')->make();\n"),
    ("php", "$thread = $client->threads()->retrieve('{value}');\n"),
    ("bash", "release=\"${RELEASE:-{value}}\"\n"),
    (
        "bash",
        "curl https://api.mistral.ai/v1/models -H \"X-Request-Id: {value}\" -H \"Authorization: Bearer $MISTRAL_API_KEY\"\n",
    ),
    ("bash", "curl \"https://api.openai.com/v1/files/{value}\" -H \"Authorization: Bearer $OPENAI_API_KEY\"\n"),
    ("bash", "docker run -e COMMIT={value} registry.example.com/app\n"),
];

/// What stands in the place of a key before there is one.
pub const PLACEHOLDERS: &[&str] = &[
    "your-api-key-here",
    "<your key>",
    "changeme",
    "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "YOUR_OPENAI_API_KEY_GOES_HERE_1234",
    "test-key-0000000000000000",
    "REPLACE_ME_WITH_A_REAL_KEY_2024",
];
