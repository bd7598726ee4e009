//! Asking servers what they offer: lists of models, and the search for local servers.

use std::time::Duration;

use protocol::FaultKind;
use providers::{Candidate, Endpoint, ModelListing, Wire, connect, discover};

use crate::server::{Play, Server, response};

fn serving(body: &str) -> Server {
    Server::start(vec![Play::Close(response(
        "200 OK",
        "content-type: application/json\r\n",
        body,
    ))])
}

fn candidate(name: &str, base_url: &str) -> Candidate {
    Candidate {
        name: name.to_owned(),
        base_url: base_url.to_owned(),
    }
}

#[tokio::test]
async fn models_are_listed_from_every_shape() {
    let body = r#"{"data":[{"id":"a","display_name":"Model A"},{"id":"b","context_length":9},{"id":"c","max_model_len":8,"owned_by":"me"},{"id":""}]}"#;
    let server = serving(body);
    let provider = connect(Endpoint::new("test", Wire::Anthropic, &*server.url)).unwrap();
    let models = provider.models().await.unwrap();
    assert!(
        server
            .request()
            .head
            .starts_with("get /v1/models?limit=1000 ")
    );
    let listing = |name: &str, title: Option<&str>, context_window| ModelListing {
        name: name.to_owned(),
        title: title.map(str::to_owned),
        context_window,
    };
    assert_eq!(
        models,
        [
            listing("a", Some("Model A"), None),
            listing("b", None, Some(9)),
            listing("c", None, Some(8))
        ]
    );

    let server = serving("{\"hello\":1}");
    let provider = connect(Endpoint::new("test", Wire::OpenAiChat, &*server.url)).unwrap();
    assert_eq!(
        provider.models().await.unwrap_err().kind,
        FaultKind::Garbled
    );
}

#[tokio::test]
async fn of_the_local_servers_that_answer_the_first_in_the_list_wins() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let silent = Server::start(vec![Play::Hang(Vec::new())]);
    let web = serving("<html>not a model server</html>");
    let empty = serving(r#"{"object":"list","data":[]}"#);
    let first = serving(r#"{"data":[{"id":"qwen3:8b"}]}"#);
    let second = serving(r#"{"data":[{"id":"other"}]}"#);
    let list = [
        candidate("nobody", &format!("http://{nobody}")),
        candidate("silent", &silent.url),
        candidate("web", &web.url),
        candidate("empty", &empty.url),
        candidate("first", &first.url),
        candidate("second", &second.url),
    ];
    // So long the silent one is waited for, and so long the others may take on a busy machine.
    let limit = Duration::from_secs(5);
    let found = discover(&list, limit).await.unwrap();
    assert_eq!(
        (found.name.as_str(), found.models[0].name.as_str()),
        ("first", "qwen3:8b")
    );
    // All were asked, not only those before the winner.
    assert!(second.request().head.starts_with("get /v1/models "));
    assert_eq!(discover(&list[..1], limit).await, None);
}
